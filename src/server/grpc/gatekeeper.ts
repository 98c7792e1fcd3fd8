// Who may call is asked before anything of a message is read: until then flow control holds back what a caller sends, and no byte of it takes
// memory. A message that does not arrive in time ends its call.

import { ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import { type Asks, admit, type CallContext } from "./calls.ts";
import { statusName, statusOf } from "./refusal.ts";

/** How long the first message of a call may take to arrive, in milliseconds: as long as a request over HTTP. */
const PATIENCE_MS = 60_000;

/** Lets only those in who may call a method; `asksOf` knows what a path asks for. */
export function gatekeeper(context: CallContext, asksOf: (path: string) => Asks | undefined): ServerInterceptor {
  return ({ path }, call) => {
    const asks = asksOf(path);
    const refuse = (refusal: Parameters<ServerInterceptingCall["sendStatus"]>[0]): void => {
      // A path that nobody registered is a caller's own text.
      context.meters.called(asks === undefined ? "unmatched" : path, statusName(refusal.code ?? status.UNKNOWN), 0);
      call.sendStatus(refusal);
    };
    let hasArrived = false;
    const watch = (): void =>
      AbortSignal.timeout(PATIENCE_MS).addEventListener("abort", () => {
        if (!hasArrived) refuse({ code: status.DEADLINE_EXCEEDED, details: "The request took too long to arrive." });
      });
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, go) {
            admit(context, metadata, asks ?? ["administer"]).then(
              () => {
                go(metadata);
                // Most messages come with their metadata: only for those that do not is there a timer.
                setImmediate(() => hasArrived || watch());
              },
              (thrown: unknown) => {
                hasArrived = true;
                refuse(statusOf(thrown, path, context.log));
              },
            );
          },
          onReceiveMessage(message, go) {
            hasArrived = true;
            go(message);
          },
          onReceiveHalfClose(go) {
            hasArrived = true;
            go();
          },
          onCancel() {
            hasArrived = true;
          },
        });
      },
    });
  };
}
