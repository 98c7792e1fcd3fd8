import { datasetsAt } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway datasets at <revision>` */
export async function run(context: CommandContext, _options: unknown, revision: string): Promise<void> {
  const { output } = context;
  await withPlatform(context, async (platform) => {
    const found = await datasetsAt(platform, revision);
    output.show(found, [
      found.named.length === 0
        ? `No tag of ${found.commit.slice(0, 12)} or its ancestors names a dataset. Make one: slipway git tag NAME --dataset ID.`
        : {
            columns: ["dataset", "model", "rows", "tag", "commits since", "here"],
            rows: found.named.map(({ id, model, rows, tag, distance, here }) => [
              id.slice(0, 12),
              model,
              rows,
              tag,
              distance,
              here ? "yes" : output.style.warn("no"),
            ]),
          },
    ]);
  });
}
