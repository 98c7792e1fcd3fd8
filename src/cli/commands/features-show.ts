// A view from the outside in: what it is, its features, who uses it, then how its values look; each part only where there is something to say.

import { parseInstant, SlipwayError, typeText } from "../../core/core.ts";
import { findView } from "../../define/define.ts";
import { featuresAsOf, type Platform, type ShownView, showFeatures } from "../../platform/platform.ts";
import { keyOf } from "../key-words.ts";
import type { Line, Style } from "../output.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";

interface ShowWords {
  readonly statistics: boolean;
  readonly asOf?: string;
  readonly key?: readonly string[];
}

/** `slipway features show <view>` */
export async function run(
  context: CommandContext,
  { statistics, asOf, key = [] }: ShowWords,
  name: string,
  given: readonly string[],
): Promise<void> {
  const words = [...given, ...key];
  if ((asOf === undefined) !== (words.length === 0))
    throw new SlipwayError("USAGE", "--as-of and a key go together: carrier=UA --as-of 2013-07-01.");
  await withPlatform(context, async (platform) => {
    if (asOf !== undefined) {
      await showAsOf(context, platform, name, parseInstant(asOf), words);
      return;
    }
    const view = await context.progress.step("Looking at the data", () =>
      showFeatures(platform, name, { withStatistics: statistics }),
    );
    context.output.show(view, [
      ...head(view, context.output.style),
      "",
      {
        columns: ["feature", "type", "is", "of", "owner", "description"],
        rows: view.features.map((each) => [
          each.name,
          typeText(each.type),
          each.is,
          each.columns.join(", "),
          each.owner,
          each.description,
        ]),
      },
      ...uses(view),
      ...figures(view),
      ...examples(view),
    ]);
  });
}

async function showAsOf(
  { output }: CommandContext,
  platform: Platform,
  name: string,
  at: bigint,
  words: readonly string[],
): Promise<void> {
  const { keys } = findView(platform.project, name);
  const past = await featuresAsOf(platform, name, keyOf(words, keys), at);
  output.show(past, [
    `${words.join(" ")} as it was known at ${past.at}`,
    {
      columns: ["feature", "value"],
      rows: Object.entries(past.values).map(([feature, value]) => [feature, shown(value)]),
    },
  ]);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function head(view: ShownView, style: Style): readonly string[] {
  const keys = view.keys.map((key) => `${key.name}: ${typeText(key.type)}`).join(", ");
  const tags = Object.entries(view.tags ?? {}).map(([tag, value]) => `${tag}=${value}`);
  const said = [view.owner === undefined ? [] : [`owned by ${view.owner}`], tags].flat();
  return [
    `${style.bold(view.name)}${view.entity === null ? ", on demand" : ` of ${view.entity}`} (${[keys, ...(view.request ?? []).map((field) => `asks for ${field.name}: ${typeText(field.type)}`)].join(", ")})`,
    ...(view.description === undefined ? [] : [view.description]),
    ...(said.length === 0 ? [] : [said.join("; ")]),
    `from ${view.source ? `${view.source.name}, ${view.source.place}` : (view.views ?? []).join(", ")}${view.ttl === undefined ? "" : `; at most ${view.ttl} old`}`,
    `online up to ${view.online ?? "nothing yet: slipway features materialize"}`,
  ];
}

function uses({ usedBy }: ShownView): readonly Line[] {
  const { models, versions, views, groups, monitors, retrains } = usedBy;
  if (models.length + versions.length + views.length + groups.length === 0) return ["", "Nothing uses it."];
  const lines: Line[] = [""];
  if (views.length > 0) lines.push(`views over it: ${views.join(", ")}`);
  if (groups.length > 0) lines.push(`in groups ${groups.join(", ")}`);
  for (const { name, features } of models) lines.push(`used by model ${name}: ${features.join(", ")}`);
  if (versions.length > 0)
    lines.push({
      columns: ["version", "aliases", "features", "trained with"],
      rows: versions.map(({ model, version, aliases, features, isCurrent }) => [
        `${model}@${version}`,
        aliases.join(", "),
        features.length,
        isCurrent ? "this definition" : "an earlier definition",
      ]),
    });
  if (monitors.length > 0) lines.push(`watched by ${monitors.join(", ")}`);
  if (retrains.length > 0) lines.push(`retrained by ${retrains.join(", ")}`);
  return lines;
}

const short = (value: number | null): string => (value === null ? "" : String(Number(value.toPrecision(5))));

function figures({ statistics }: ShownView): readonly Line[] {
  if (statistics === null) return [];
  const { rows, of, features } = statistics;
  const some = rows === of ? `${rows} moments` : `${rows} of ${of} moments`;
  return [
    "",
    `Values at ${some} at which something became known:`,
    {
      columns: ["feature", "nulls", "distinct", "mean", "sd", "min", "5%", "50%", "95%", "max", "most often"],
      rows: features.map((each) => [
        each.name,
        each.nulls,
        each.distinct,
        ...[each.mean, each.sd, each.min, each.q05, each.q50, each.q95, each.max].map(short),
        each.top
          .slice(0, 3)
          .map(({ value, count }) => `${value} (${count})`)
          .join(", "),
      ]),
    },
  ];
}

function examples(view: ShownView): readonly Line[] {
  if (view.examples === null || view.examples.length === 0) return [];
  const keys = view.keys.map(({ name }) => name);
  return [
    "",
    "The newest keys:",
    {
      columns: ["known", ...keys, ...view.features.map(({ name }) => name)],
      rows: view.examples.map(({ key, at, values }) => [
        at,
        ...keys.map((name) => shown(key[name])),
        ...view.features.map(({ name }) => shown(values[name])),
      ]),
    },
  ];
}
