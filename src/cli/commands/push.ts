// Pushes the events of a file: one JSON object a line, a thousand at a time. What was pushed before changes nothing, so a push that was
// stopped is simply run again.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createClient } from "../../client/client.ts";
import { SlipwayError } from "../../core/core.ts";
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
    const client = createClient({ url });
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
        if (named.length < NAMED) named.push({ line: batch[index]?.line ?? 0, code, message });
      progress.note(`${total.accepted} accepted, ${total.duplicates} duplicates, ${total.rejected} rejected`);
    }
  });
  output.show({ source, ...total, examples: named }, [
    `${source}: ${total.accepted} accepted, ${total.duplicates} there already, ${total.rejected} rejected`,
    ...named.map(({ line, message }) => `  line ${line}: ${message}`),
    ...(total.rejected > named.length ? [`  … and ${total.rejected - named.length} more`] : []),
  ]);
}

interface Line {
  readonly line: number;
  readonly event: unknown;
}

async function* batchesOf(file: string): AsyncGenerator<readonly Line[]> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  let batch: Line[] = [];
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      if (text.trim() === "") continue;
      batch.push({ line, event: parsed(text) });
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

/** A line as JSON; one that is none is left as text, for the intake to refuse by its line. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
