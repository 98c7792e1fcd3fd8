import { cleanOnline } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { durationOf, instantText } from "../words.ts";

interface CleanWords {
  readonly olderThan: string;
  readonly dryRun?: boolean;
}

/** `slipway features clean` */
export async function run(context: CommandContext, { olderThan, dryRun }: CleanWords): Promise<void> {
  const { output, progress, signal } = context;
  const age = durationOf("--older-than", olderThan);
  await withPlatform(context, async (platform) => {
    const found = await progress.step("Looking through the online store", () =>
      cleanOnline(platform, {
        olderThan: age,
        dryRun: dryRun === true,
        signal,
        onProgress: ({ view, keys }) => progress.line(`${view}: ${keys} keys removed`),
      }),
    );
    const shown = found.map(({ view, hash, supersededAt, neededBy, keys }) => ({
      view,
      hash,
      supersededAt: instantText(supersededAt),
      keys,
      neededBy: neededBy ?? null,
      removed: neededBy === undefined && dryRun !== true,
    }));
    output.show(
      { values: shown },
      shown.length === 0
        ? ["There are no online values but those in force."]
        : [
            {
              columns: ["view", "definition", "until", "keys", "what becomes of them"],
              rows: shown.map((each) => [
                each.view,
                each.hash.slice(0, 16),
                each.supersededAt,
                each.keys,
                each.neededBy !== null
                  ? `kept for ${each.neededBy}`
                  : each.removed
                    ? "removed"
                    : "can go: run it without --dry-run",
              ]),
            },
          ],
    );
  });
}
