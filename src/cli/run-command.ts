// Runs one command's file and turns how it ended into what a shell understands: the answer on stdout, a message on stderr,
// and the exit code of the error table. Under --json a failure's document goes to stdout in the answer's place.

import { asSlipwayError, errorTable, SlipwayError } from "../core/core.ts";
import type { GlobalOptions, Host } from "./host.ts";
import { createOutput, jsonDocument, type Output, styleFor } from "./output.ts";
import { createProgress, type Progress } from "./progress.ts";
import { visibleLine } from "./visible.ts";

/** What a command is given besides its own arguments and options. */
export interface CommandContext {
  readonly host: Host;
  readonly globals: GlobalOptions;
  readonly output: Output;
  readonly progress: Progress;
  /** Aborts on the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** A command's work. It answers through `context.output` and throws SlipwayErrors. */
export type Command = (context: CommandContext) => Promise<void>;

/** Runs a command to its end and returns its exit code. */
export async function runCommand(
  host: Host,
  globals: GlobalOptions,
  command: Command,
  failureExit?: number,
): Promise<number> {
  const output = createOutput(host.stdout, host.env, globals.json === true);
  const progress = createProgress(host.stderr, host.env);
  const interrupted = interruptible(host);
  try {
    await command({ host, globals, output, progress, signal: interrupted.signal });
    return output.exit;
  } catch (thrown) {
    progress.end();
    const error = interrupted.signal.aborted && !(thrown instanceof SlipwayError) ? cancelled(thrown) : thrown;
    return reportError(host, globals, asSlipwayError(error), output.answered, failureExit);
  } finally {
    progress.end();
    interrupted.release();
  }
}

/** Prints what is wrong with a command line and returns the exit code. */
export function reportUsage(host: Host, globals: GlobalOptions, message: string, failureExit?: number): number {
  return reportError(host, globals, new SlipwayError("USAGE", message), false, failureExit);
}

function reportError(
  host: Host,
  globals: GlobalOptions,
  error: SlipwayError,
  answered = false,
  failureExit?: number,
): number {
  const style = styleFor(host.stderr, host.env);
  const { code, message, details } = error;
  const { SLIPWAY_DEBUG } = host.env;
  host.stderr.write(`${style.bad(code)} ${visibleLine(message)}\n`);
  const cause = error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : undefined;
  if (code === "INTERNAL" || SLIPWAY_DEBUG) host.stderr.write(`${style.dim(cause ?? error.stack ?? "")}\n`);
  if (code === "INTERNAL")
    host.stderr.write(
      "This is a defect in Slipway: please report it with the lines above. `slipway doctor` may tell more.\n",
    );
  if (failureExit !== undefined && code !== "CANCELLED") return failureExit;
  if (globals.json === true && !answered) host.stdout.write(jsonDocument({ error: { code, message, details } }));
  return errorTable[code].exit;
}

function cancelled(cause: unknown): SlipwayError {
  return new SlipwayError("CANCELLED", "Stopped. Nothing is left half made; run it again to go on.", { cause });
}

function interruptible(host: Host): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(errorTable.CANCELLED.exit);
    host.stderr.write("\nStopping; press Ctrl-C again to stop at once.\n");
    controller.abort(cancelled(undefined));
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    release: () => void process.off("SIGINT", onSignal).off("SIGTERM", onSignal),
  };
}
