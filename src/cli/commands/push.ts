// Pushes the events of a file: one JSON object a line, a thousand at a time. What was pushed before changes nothing, so a push that was
// stopped is simply run again.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createClient } from "../../client/client.ts";
import { errorTable, SlipwayError } from "../../core/core.ts";
import { type PushOutcome, pushEvents } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

interface PushWords {
  readonly file: string;
  readonly url?: string;
}

/** Pushes some events. */
type Send = (events: readonly unknown[]) => Promise<Omit<PushOutcome, "source">>;

const BATCH = 1000;
/** As many refused events are named. */
const NAMED = 20;

/** `slipway push <source>` */
export async function run(context: CommandContext, { file, url }: PushWords, source: string): Promise<void> {
  if (url !== undefined) {
    const apiKey = context.host.env["SLIPWAY_API_KEY"];
    const client = createClient({ url, ...(apiKey === undefined ? {} : { apiKey }) });
    return pushFile(context, source, file, async (events) => refusedAsOutcome(client.push(source, events as never)));
  }
  await withPlatform(context, (platform) =>
    pushFile(context, source, file, async (events) => {
      const [outcome] = await pushEvents(platform, [{ source, events }]);
      return outcome as PushOutcome;
    }),
  );
}

/** A server answers a push of which nothing was taken with an error; here that is a batch like any other. */
async function refusedAsOutcome(push: Promise<Omit<PushOutcome, "source">>): Promise<Omit<PushOutcome, "source">> {
  try {
    return await push;
  } catch (thrown) {
    const details = (thrown as { readonly details?: { readonly batches?: readonly PushOutcome[] } }).details;
    const [outcome] = details?.batches ?? [];
    if (outcome) return outcome;
    const { code, message } = thrown as SlipwayError;
    throw new SlipwayError(code ?? "INTERNAL", message, { details: details ?? {} });
  }
}

async function pushFile({ output, progress, signal }: CommandContext, source: string, file: string, send: Send) {
  const total = { accepted: 0, duplicates: 0, rejected: 0 };
  const named: { readonly line: number; readonly code: string; readonly message: string }[] = [];
  await progress.step(`Pushing ${file === "-" ? "events" : file} to ${source}`, async () => {
    for await (const batch of batchesOf(file)) {
      if (signal.aborted)
        throw new SlipwayError("CANCELLED", "Stopped. What was pushed is safe; run it again to go on.");
      const { accepted, duplicates, rejected } = await send(batch.map(({ event }) => event));
      total.accepted += accepted;
      total.duplicates += duplicates;
      total.rejected += rejected.length;
      for (const { index, code, message } of rejected)
        if (named.length < NAMED) {
          const { line = 0, problem = message } = batch[index] ?? {};
          named.push({ line, code, message: problem });
        }
      progress.note(`${total.accepted} accepted, ${total.duplicates} duplicates, ${total.rejected} rejected`);
    }
  });
  // The events that are good are safe; a script still has to learn that others are not.
  const exit = total.rejected === 0 ? 0 : errorTable.INPUT_INVALID.exit;
  output.show(
    { source, ...total, examples: named },
    [
      `${source}: ${total.accepted} accepted, ${total.duplicates} there already, ${total.rejected} rejected`,
      ...named.map(({ line, message }) => `  line ${line}: ${message}`),
      ...(total.rejected > named.length ? [`  … and ${total.rejected - named.length} more`] : []),
      ...(total.rejected > 0 ? ["Correct these lines and push the file again: what was accepted counts once."] : []),
    ],
    exit,
  );
}

interface Line {
  readonly line: number;
  readonly event: unknown;
  /** Why it is no JSON. */
  readonly problem?: string;
}

async function* batchesOf(file: string): AsyncGenerator<readonly Line[]> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  let batch: Line[] = [];
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      if (text.trim() === "") continue;
      batch.push({ line, ...parsed(text) });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code !== "ENOENT" && code !== "EISDIR" && code !== "EACCES") throw thrown;
    throw new SlipwayError(
      "USAGE",
      `${file} cannot be read (${code}). Give a file of JSON lines, or - for standard input.`,
    );
  }
  if (batch.length > 0) yield batch;
}

/** A line as JSON; one that is none is left as text, which the intake refuses. */
function parsed(text: string): Omit<Line, "line"> {
  try {
    return { event: JSON.parse(text) };
  } catch (thrown) {
    const why = (thrown as SyntaxError).message;
    return {
      event: text,
      problem: `It is not JSON, which has no NaN and no Infinity: ${why}. Write one object a line.`,
    };
  }
}
