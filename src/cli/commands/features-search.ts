import { listFeatures, searchCatalog } from "../../platform/platform.ts";
import { nothingHolds } from "../nothing-found.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway features search <words...>` */
export async function run(context: CommandContext, _options: unknown, words: readonly string[]): Promise<void> {
  await withPlatform(context, async (platform) => {
    const query = words.join(" ");
    const found = searchCatalog(platform, query);
    context.output.show(
      { query, found },
      found.length === 0
        ? [nothingHolds(query, await listFeatures(platform))]
        : [
            {
              columns: ["view", "feature", "type", "entity", "owner", "description"],
              rows: found.map((each) => [
                each.view,
                each.feature,
                each.type,
                each.entity,
                each.owner,
                each.description,
              ]),
            },
          ],
    );
  });
}
