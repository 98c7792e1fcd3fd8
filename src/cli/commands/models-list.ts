import { modelList } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { momentText } from "../words.ts";

/** `slipway models list` */
export async function run(context: CommandContext): Promise<void> {
  await withPlatform(context, async (platform) => {
    const models = await modelList(platform);
    const empty = "No model has a version yet. Train one: slipway train NAME.";
    context.output.show({ models }, [
      models.length === 0
        ? empty
        : {
            columns: ["model", "versions", "champion", "other aliases", "since"],
            rows: models.map(({ name, versions, aliases: { champion, ...others }, createdAt }) => [
              name,
              versions,
              champion,
              Object.entries(others)
                .map(([alias, version]) => `${alias} ${version}`)
                .join(", "),
              momentText(createdAt),
            ]),
          },
    ]);
  });
}
