import { versionsAt } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

/** `slipway models at <revision>` */
export async function run(context: CommandContext, _options: unknown, revision: string): Promise<void> {
  const { output } = context;
  await withPlatform(context, async (platform) => {
    const found = await versionsAt(platform, revision);
    const { named, trained, commit } = found;
    output.show(found, [
      named.length === 0
        ? `No tag of ${commit.slice(0, 12)} or its ancestors names a model version. Make one: slipway git tag NAME --model MODEL@champion.`
        : {
            columns: ["version", "SHA-256", "tag", "commits since", "here"],
            rows: named.map(({ model, number, hash, tag, distance, here }) => [
              `${model}@${number}`,
              hash.slice(0, 12),
              tag,
              distance,
              here.length > 0 ? here.join(", ") : output.style.warn("no: these bytes are not in this registry"),
            ]),
          },
      ...(trained.length === 0 ? [] : ["", `Trained at ${commit.slice(0, 12)}: ${trained.join(", ")}`]),
    ]);
  });
}
