import { listAliases, listModels, listVersions } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText } from "../words.ts";

/** `slipway models list` */
export async function run(context: CommandContext): Promise<void> {
  await withPlatform(context, async ({ registry }) => {
    const models = await Promise.all(
      (await listModels(registry)).map(async ({ name, createdAt }) => {
        const versions = (await listVersions(registry, name)).length;
        const aliases = (await listAliases(registry, name)).map(({ alias, version }) => [alias, version] as const);
        return { name, createdAt: instantText(createdAt), versions, aliases: Object.fromEntries(aliases) };
      }),
    );
    const empty = "No model has a version yet. Train one: slipway train NAME.";
    context.output.show({ models }, [
      models.length === 0
        ? empty
        : {
            columns: ["model", "versions", "champion", "since"],
            rows: models.map(({ name, versions, aliases, createdAt }) => [
              name,
              versions,
              aliases["champion"],
              createdAt,
            ]),
          },
    ]);
  });
}
