import { datasetList } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf, momentText } from "../words.ts";

/** `slipway datasets list` */
export async function run(
  context: CommandContext,
  options: { readonly model?: string; readonly limit?: string },
): Promise<void> {
  const limit = options.limit === undefined ? 100 : countOf("--limit", options.limit);
  await withPlatform(context, async (platform) => {
    const datasets = await datasetList(platform, {
      limit,
      ...(options.model === undefined ? {} : { model: options.model }),
    });
    context.output.show(
      { datasets },
      datasets.length === 0
        ? ["No datasets yet: slipway features training-set MODEL --out DIR --partition-by month"]
        : [
            {
              columns: ["id", "model", "kind", "rows", "from", "to", "folder", "recorded"],
              rows: datasets.map((each) => [
                each.id.slice(0, 12),
                each.model,
                each.kind,
                each.rows,
                each.timeFrom,
                each.timeTo,
                each.folder,
                momentText(each.createdAt),
              ]),
            },
          ],
    );
  });
}
