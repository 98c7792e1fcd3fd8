// A model's versions with their metrics, or one version with what it was made of.

import { type ShownVersion, showVersion, versionList } from "../../platform/platform.ts";
import type { Line, Output } from "../output.ts";
import { bars } from "../plot/bars.ts";
import { sparkline } from "../plot/sparkline.ts";
import { preparedLines } from "../prepared-lines.ts";
import { provenanceFacts } from "../provenance-facts.ts";
import type { CommandContext } from "../run-command.ts";
import { visible } from "../visible.ts";
import { withPlatform } from "../with-platform.ts";
import { bytesText, figure, momentText } from "../words.ts";

const MOST_INPUTS = 15;

/** `slipway models show <model> [version]` */
export async function run(
  context: CommandContext,
  _options: unknown,
  model: string,
  reference?: string,
): Promise<void> {
  const { output } = context;
  await withPlatform(context, async (platform) => {
    const named = reference === undefined && model.includes("@") ? model : `${model}@${reference}`;
    if (reference !== undefined || model.includes("@")) {
      const version = await showVersion(platform, named);
      output.show(version, versionLines(version, output));
      return;
    }
    const versions = await versionList(platform, model);
    const names = [...new Set(versions.flatMap(({ metrics }) => Object.keys(metrics)))];
    const oldestFirst = [...versions].reverse();
    output.show({ model, versions }, [
      {
        columns: ["version", "made", ...names.map(visible), "aliases"],
        rows: versions.map(({ number, createdAt, metrics, aliases: own }) => [
          number,
          momentText(createdAt),
          ...names.map((name) => figure(metrics[name])),
          own.join(", "),
        ]),
      },
      ...(versions.length < 3
        ? []
        : [
            "",
            {
              columns: ["metric", "from the oldest to the newest"],
              rows: names.map((name) => [
                visible(name),
                sparkline(
                  oldestFirst.map(({ metrics }) => metrics[name] ?? Number.NaN),
                  output.canvas,
                ),
              ]),
            },
          ]),
    ]);
  });
}

/** Where a version came from that was made elsewhere; --json tells all of it. */
function originText(origin: unknown): string | null {
  if (typeof origin !== "object" || origin === null) return null;
  const { kind, file, model, number, signer } = origin as Readonly<Record<string, unknown>>;
  if (kind === "archive") return visible(`${model}@${number} of another installation, signed by ${signer}`);
  return visible(`the file ${file}`);
}

function calibrationText(calibration: ShownVersion["calibration"]): string | null {
  if (calibration === null) return null;
  const { kind, rows, steps } = calibration;
  const shown =
    kind === "platt"
      ? steps.map(({ slope, intercept }) => `slope ${figure(slope)}, intercept ${figure(intercept)}`)
      : steps.map(({ scores }) => `${scores.length} points`);
  return `${kind}, fitted on ${rows} validation rows: ${shown.slice(0, 3).join("; ")}${shown.length > 3 ? "; …" : ""}`;
}

function versionLines(version: ShownVersion, { style, canvas }: Output): readonly Line[] {
  const { run, importance } = version;
  const total = importance.reduce((sum, { gain }) => sum + gain, 0) || 1;
  const facts: readonly (readonly [string, string | null])[] = [
    ["made", momentText(version.createdAt)],
    ["aliases", version.aliases.join(", ")],
    ["origin", originText(version.origin)],
    ["run", run && `${run.id} (${run.name})`],
    ["data", version.datasetId?.slice(0, 12) ?? null],
    ["definition", version.definitionsHash.slice(0, 12)],
    [
      "artifact",
      `${version.artifactHash} (${version.format}, ${bytesText(version.artifactSize)}, ${version.bestRound} rounds)`,
    ],
    ["calibration", calibrationText(version.calibration)],
    ["command", run?.command ?? null],
    ...(run ? provenanceFacts(run) : []),
  ];
  return [
    style.bold(`${visible(version.model)}@${version.number}`),
    { columns: ["", ""], rows: facts.flatMap(([name, value]) => (value ? [[name, value]] : [])) },
    "",
    {
      columns: ["metric", "value"],
      rows: Object.entries(version.metrics).map(([name, value]) => [visible(name), figure(value)]),
    },
    ...preparedLines(version.inputs),
    ...(importance.length === 0
      ? []
      : [
          "",
          style.dim(
            `share of the gain, by input${importance.length > MOST_INPUTS ? ` (the first ${MOST_INPUTS} of ${importance.length})` : ""}`,
          ),
          ...bars(
            importance.slice(0, MOST_INPUTS).map(({ input, gain }) => ({ name: visible(input), value: gain / total })),
            canvas,
          ),
        ]),
  ];
}
