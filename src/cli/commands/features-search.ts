import { searchCatalog } from "../../platform/platform.ts";
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
        ? [`Nothing holds any of: ${query}.`]
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
