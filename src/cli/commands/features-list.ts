import { SlipwayError } from "../../core/core.ts";
import { listFeatures } from "../../platform/platform.ts";
import { nothingListed } from "../nothing-found.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

interface ListWords {
  readonly tag?: readonly string[];
  readonly owner?: string;
  readonly entity?: string;
}

/** `slipway features list` */
export async function run(context: CommandContext, { tag = [], owner, entity }: ListWords): Promise<void> {
  const tags = Object.fromEntries(tag.map(tagOf));
  const isFiltered = tag.length > 0 || owner !== undefined;
  await withPlatform(context, async (platform) => {
    const views = await listFeatures(platform, {
      tags,
      ...(owner === undefined ? {} : { owner }),
      ...(entity === undefined ? {} : { entity }),
    });
    const names = ({ features }: (typeof views)[number]): string | number =>
      isFiltered ? features.map(({ name }) => name).join(", ") : features.length;
    if (views.length === 0) {
      const all = await listFeatures(platform);
      context.output.show({ views }, [nothingListed({ tag, owner, entity }, all)]);
      return;
    }
    context.output.show({ views }, [
      {
        columns: ["view", "entity", "from", "features", "owner", "online up to"],
        rows: views.map((view) => [
          view.name,
          view.entity,
          view.source?.name ?? (view.views ?? []).join(", "),
          names(view),
          view.owner,
          view.online ?? "never",
        ]),
      },
    ]);
  });
}

function tagOf(word: string): [string, string] {
  const split = word.indexOf("=");
  if (split < 1)
    throw new SlipwayError("USAGE", `"${word}" is not a tag. Write it as name=value, such as domain=delays.`);
  return [word.slice(0, split), word.slice(split + 1)];
}
