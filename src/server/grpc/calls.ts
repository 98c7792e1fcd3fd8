// A call from its bytes to its answer: signed in, decoded, answered or refused, counted. Every method of the server is made here.

import { type DescMessage, type DescMethod, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type {
  handleBidiStreamingCall,
  handleUnaryCall,
  Metadata,
  MethodDefinition,
  ServerUnaryCall,
  StatusObject,
  UntypedHandleCall,
} from "@grpc/grpc-js";
import type { FastifyBaseLogger } from "fastify";
import { SlipwayError } from "../../core/core.ts";
import type { Action, AskedTurn } from "../../platform/platform.ts";
import { refuseUnlessMay, type SignIn } from "../access/sign-in.ts";
import type { Meters } from "../metrics/meters.ts";
import { statusName, statusOf } from "./refusal.ts";

/** What every call goes through. */
export interface CallContext {
  /** Who signs in; without it everybody may do everything. */
  readonly signIn: SignIn | undefined;
  readonly meters: Pick<Meters, "called">;
  readonly log: FastifyBaseLogger;
  /** Seconds on a clock that only goes forward. */
  readonly seconds: () => number;
}

/** A method that can be added to a server. */
export interface Method {
  readonly definition: MethodDefinition<unknown, unknown>;
  readonly handler: UntypedHandleCall;
  readonly asks: Asks;
}

/** What it takes to be answered: any one of these; none for everybody. */
export type Asks = readonly Action[];

/** Stands for a message that could not be decoded. */
const UNREADABLE = Symbol("unreadable");

type Typed<I extends DescMessage, O extends DescMessage> = DescMethod & { readonly input: I; readonly output: O };

function definitionOf(method: DescMethod, path: string, isStream: boolean): MethodDefinition<unknown, unknown> {
  const { input, output } = method;
  return {
    path,
    requestStream: isStream,
    responseStream: isStream,
    // Servers never use these two.
    requestSerialize: () => Buffer.alloc(0),
    responseDeserialize: () => undefined,
    requestDeserialize: (bytes) => {
      try {
        return fromBinary(input, bytes);
      } catch {
        // The library would tell its own text and status; the handler refuses instead.
        return UNREADABLE;
      }
    },
    responseSerialize: (message) => Buffer.from(toBinary(output, message as MessageShape<DescMessage>)),
  };
}

/** Answers one request of a call; a caller whose deadline has passed has been told so by the library, and counts as gone. */
type Answer<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  asked: AskedTurn,
) => Promise<MessageShape<O>> | MessageShape<O>;

/** The path of a method, which is also its name in metrics. */
export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

function decoded<T>(message: T | typeof UNREADABLE, { input }: DescMethod): T {
  if (message !== UNREADABLE) return message;
  throw new SlipwayError("INPUT_INVALID", `The message is not a valid ${input.typeName}.`);
}

/** Refuses whoever may not call a method. Throws SIGN_IN_NEEDED or FORBIDDEN. */
export async function admit({ signIn }: Pick<CallContext, "signIn">, metadata: Metadata, asks: Asks): Promise<void> {
  if (!signIn || asks.length === 0) return;
  const [header] = metadata.get("authorization");
  refuseUnlessMay(await signIn(header === undefined ? undefined : String(header)), asks);
}

/** A call that has a deadline is ended by gRPC when it has passed. */
function askedTurn(call: Pick<ServerUnaryCall<unknown, unknown>, "getDeadline" | "cancelled">): AskedTurn {
  const timeoutMs = Number.isFinite(Number(call.getDeadline())) ? Number.POSITIVE_INFINITY : undefined;
  return { timeoutMs, isGone: () => call.cancelled };
}

/** A method of one request and one answer. */
export function unary<I extends DescMessage, O extends DescMessage>(
  context: CallContext,
  method: Typed<I, O>,
  asks: Asks,
  answer: Answer<I, O>,
): Method {
  const path = pathOf(method);
  const handler: handleUnaryCall<MessageShape<I> | typeof UNREADABLE, MessageShape<O>> = (call, done) => {
    const begun = context.seconds();
    const count = (code: number): void => context.meters.called(path, statusName(code), context.seconds() - begun);
    const work = async (): Promise<MessageShape<O>> => answer(decoded(call.request, method), askedTurn(call));
    work().then(
      (message) => {
        count(0);
        done(null, message);
      },
      (thrown: unknown) => {
        const refusal = statusOf(thrown, path, context.log);
        count(refusal.code);
        done(refusal as StatusObject & Error);
      },
    );
  };
  return { definition: definitionOf(method, path, false), handler: handler as UntypedHandleCall, asks };
}

/** A method whose requests are answered one by one, in their order. What `answer` throws ends the stream. */
export function answeredStream<I extends DescMessage, O extends DescMessage>(
  context: CallContext,
  method: Typed<I, O>,
  asks: Asks,
  answer: Answer<I, O>,
  path: string = pathOf(method),
): Method {
  const handler: handleBidiStreamingCall<MessageShape<I> | typeof UNREADABLE, MessageShape<O>> = (call) => {
    const begun = context.seconds();
    const asked = askedTurn(call);
    const work = async (): Promise<void> => {
      // The iterator would end the answers with the requests. A reader that is slow holds the next request back.
      const requests: AsyncIterable<MessageShape<I> | typeof UNREADABLE> = call.iterator({ destroyOnReturn: false });
      for await (const request of requests)
        if (!call.write(await answer(decoded(request, method), asked)) && !call.cancelled)
          await new Promise<void>((resolve) => {
            call.once("drain", resolve);
            call.once("cancelled", resolve);
          });
    };
    const count = (code: number): void => context.meters.called(path, statusName(code), context.seconds() - begun);
    work().then(
      () => {
        count(0);
        call.end();
      },
      (thrown: unknown) => {
        if (call.cancelled) return count(1);
        const refusal = statusOf(thrown, path, context.log);
        count(refusal.code);
        call.emit("error", refusal);
      },
    );
  };
  return { definition: definitionOf(method, path, true), handler: handler as UntypedHandleCall, asks };
}
