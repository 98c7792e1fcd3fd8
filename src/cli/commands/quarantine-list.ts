import { listQuarantined, type QuarantineBatch, quarantineDocument } from "../../platform/platform.ts";
import { reasonsText } from "../quarantine-words.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf, instantText } from "../words.ts";

/** `slipway quarantine list [source]` */
export async function run(
  context: CommandContext,
  options: { readonly all?: boolean; readonly limit: string },
  source?: string,
): Promise<void> {
  await withPlatform(context, async (platform) => {
    const batches = await listQuarantined(platform, {
      ...(source === undefined ? {} : { source }),
      status: options.all === true ? "all" : "held",
      limit: countOf("--limit", options.limit),
    });
    const rows = batches.reduce((total, batch) => total + (batch.status === "held" ? batch.rows : 0), 0);
    const known = ({ knownFrom, knownTo }: QuarantineBatch): string =>
      knownTo === null ? "" : `${instantText(knownFrom) ?? "the beginning"} to ${instantText(knownTo)}`;
    context.output.show({ rows, batches: batches.map(quarantineDocument) }, [
      batches.length === 0
        ? "Nothing is in quarantine."
        : {
            columns: ["batch", "source", "rows", "status", "known", "reasons"],
            rows: batches.map((batch) => [
              batch.id,
              batch.source,
              batch.rows,
              batch.status,
              known(batch),
              reasonsText(batch),
            ]),
          },
    ]);
  });
}
