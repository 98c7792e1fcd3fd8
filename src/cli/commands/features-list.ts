import { describeViews } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText } from "../words.ts";

/** `slipway features list` */
export async function run(context: CommandContext): Promise<void> {
  await withPlatform(context, async (platform) => {
    const views = (await describeViews(platform)).map(({ view, hash, through }) => ({
      name: view.name,
      entity: view.entity,
      source: view.source.name,
      features: view.features.map(({ name }) => name),
      hash,
      online: instantText(through),
    }));
    context.output.show({ views }, [
      {
        columns: ["view", "entity", "source", "features", "online up to"],
        rows: views.map((view) => [view.name, view.entity, view.source, view.features.length, view.online ?? "never"]),
      },
    ]);
  });
}
