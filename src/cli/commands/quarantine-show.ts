import { quarantineOf } from "../../platform/platform.ts";
import { reasonsText } from "../quarantine-words.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf } from "../words.ts";

/** `slipway quarantine show <batch>` */
export async function run(context: CommandContext, options: { readonly limit: string }, id: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const { batch, rows } = await quarantineOf(platform).show(id, countOf("--limit", options.limit));
    context.output.show({ batch, rows }, [
      `${batch.rows} rows of ${batch.source}, ${batch.status}: ${reasonsText(batch)}`,
      {
        columns: ["reasons", "known", "file", "row"],
        rows: rows.map(({ reasons, known, file, row }) => [reasons.join("; "), known, file, JSON.stringify(row)]),
      },
    ]);
  });
}
