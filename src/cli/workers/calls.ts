// Questions and answers between a process and one it started, over the channel that Node gives the two. Both sides may ask at any time; what is
// refused arrives as the same SlipwayError.

import { asSlipwayError, type ErrorCode, SlipwayError } from "../../core/core.ts";

/** What a side can be asked: by name, what is said and what is answered. */
export type Answers = Readonly<Record<string, (asked: never) => unknown>>;

/** Asks the other side. */
export type Ask<A extends Answers> = <N extends keyof A & string>(
  name: N,
  ...asked: Parameters<A[N]>
) => Promise<Awaited<ReturnType<A[N]>>>;

/** One end of a channel: a child process, or this process as a child. */
export interface Channel {
  readonly connected?: boolean;
  send?(message: unknown, done: (failed: Error | null) => void): unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
  once(event: "disconnect", listener: () => void): unknown;
}

type Said =
  | { readonly kind: "ask"; readonly call: number; readonly name: string; readonly asked: unknown }
  | { readonly kind: "answer"; readonly call: number; readonly answer: unknown }
  | {
      readonly kind: "refusal";
      readonly call: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: unknown;
    };

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (why: unknown) => void;
}

/** Answers what comes over a channel, and gives the means to ask. What is asked of a process that ends is refused. */
export function callsOver<Theirs extends Answers>(channel: Channel, own: Answers): Ask<Theirs> {
  const waiting = new Map<number, Waiting>();
  let numbered = 0;
  const gone = (): SlipwayError => new SlipwayError("NOT_READY", "The other process of this server has ended.");
  const say = (said: Said, failed: (error: Error) => void = () => undefined): void => {
    if (channel.connected !== true) failed(gone());
    else channel.send?.(said, (error) => error && failed(error));
  };
  const reply = async (call: number, name: string, asked: unknown): Promise<void> => {
    try {
      const answer = await own[name]?.(asked as never);
      say({ kind: "answer", call, answer });
    } catch (thrown) {
      const { code, message, details } = asSlipwayError(thrown);
      say({ kind: "refusal", call, code, message, details });
    }
  };
  channel.on("message", (message) => {
    const said = message as Said;
    if (said.kind === "ask") return void reply(said.call, said.name, said.asked);
    const asked = waiting.get(said.call);
    waiting.delete(said.call);
    if (said.kind === "answer") return asked?.resolve(said.answer as never);
    const details = said.details as Readonly<Record<string, unknown>>;
    asked?.reject(new SlipwayError(said.code, said.message, { details }));
  });
  channel.once("disconnect", () => {
    for (const { reject } of waiting.values()) reject(gone());
    waiting.clear();
  });
  return (name, ...[asked]) =>
    new Promise((resolve, reject) => {
      numbered += 1;
      const call = numbered;
      waiting.set(call, { resolve, reject });
      say({ kind: "ask", call, name, asked }, (failed) => {
        waiting.delete(call);
        reject(failed);
      });
    });
}
