// Explains a version as a whole, or one row of it, while a person waits.

import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import {
  explainOne,
  explainVersion,
  type InputBounds,
  keepExplanation,
  type NamedRow,
  type RowExplanation,
  type VersionExplanation,
} from "../../platform/platform.ts";
import { rowExplanationLines, versionExplanationLines } from "../explanation-lines.ts";
import { explanationReport, rowExplanationReport } from "../report/explanation-report.ts";
import { writeReport } from "../report/write-report.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { wholeNumber } from "../words.ts";

interface Options {
  readonly rows: string;
  readonly sample: string;
  readonly seed: string;
  readonly class?: string;
  readonly metric?: string;
  readonly repeats: string;
  readonly key?: string;
  readonly row?: string;
  readonly prediction?: string;
  readonly lime?: boolean;
  readonly continuous?: boolean;
  readonly samples: string;
  readonly inputs: string;
  readonly counterfactual?: string;
  readonly fixed?: readonly string[];
  readonly within?: readonly string[];
  readonly changes: string;
  readonly report?: string;
  readonly keep?: boolean;
}

/** `slipway explain <version>` */
export async function run(context: CommandContext, options: Options, version: string): Promise<void> {
  const { output, progress, host } = context;
  const row = rowOf(options);
  if (row === undefined && (options.lime === true || options.counterfactual !== undefined))
    throw new SlipwayError(
      "USAGE",
      "--lime and --counterfactual explain one row: name it with --key, --row or --prediction.",
    );
  if (row !== undefined && options.keep === true)
    throw new SlipwayError(
      "USAGE",
      "--keep keeps what is said of the whole version; leave --key, --row and --prediction out.",
    );
  const file = options.report === undefined ? undefined : resolve(host.cwd, options.report);
  const request = {
    version,
    rows: options.rows,
    sample: wholeNumber("--sample", options.sample, 1, 100_000),
    seed: wholeNumber("--seed", options.seed, 0, 2 ** 32 - 1),
    ...(options.class === undefined ? {} : { class: options.class }),
    onNote: (text: string) => progress.note(text),
  };
  const told = (lines: Parameters<typeof output.show>[1]): Parameters<typeof output.show>[1] =>
    file === undefined ? lines : [...lines, "", `Report: ${file}`];
  await withPlatform(context, async (platform) => {
    if (row !== undefined) {
      const explanation: RowExplanation = await progress.step(`Explaining a row of ${version}`, () =>
        explainOne(platform, { ...request, row, ...limeOf(options), ...counterfactualOf(options) }),
      );
      if (file !== undefined) await writeReport(file, rowExplanationReport(explanation));
      output.show(explanation, told(rowExplanationLines(explanation, output)));
      return;
    }
    const explanation: VersionExplanation = await progress.step(`Explaining ${version}`, () =>
      explainVersion(platform, {
        ...request,
        repeats: wholeNumber("--repeats", options.repeats, 0, 1000),
        ...(options.metric === undefined ? {} : { metric: options.metric }),
      }),
    );
    const page = explanationReport(explanation);
    if (file !== undefined) await writeReport(file, page);
    if (options.keep === true) await keepExplanation(platform, explanation, page);
    output.show(explanation, [
      ...told(versionExplanationLines(explanation, output)),
      ...(options.keep === true ? ["", `Kept with run ${explanation.run}, for tracking clients.`] : []),
    ]);
  });
}

function rowOf({ key, row, prediction }: Options): NamedRow | undefined {
  const given = [key, row, prediction].filter((each) => each !== undefined);
  if (given.length > 1) throw new SlipwayError("USAGE", "One row is named once: give --key, --row or --prediction.");
  if (key !== undefined) return { key };
  if (prediction !== undefined) return { prediction };
  if (row === undefined) return undefined;
  let values: unknown;
  try {
    values = JSON.parse(row);
  } catch {
    values = undefined;
  }
  if (typeof values !== "object" || values === null || Array.isArray(values))
    throw new SlipwayError("USAGE", `--row takes the inputs' values as one JSON object, such as '{"distance": 719}'.`);
  return { values: values as Readonly<Record<string, unknown>> };
}

function limeOf({ lime, continuous, samples, inputs }: Options): Pick<Parameters<typeof explainOne>[1], "lime"> {
  if (lime !== true) return {};
  return {
    lime: {
      samples: wholeNumber("--samples", samples, 50, 1_000_000),
      most: wholeNumber("--inputs", inputs, 1, 1000),
      numbers: continuous === true ? "continuous" : "quartiles",
    },
  };
}

function counterfactualOf({
  counterfactual,
  fixed = [],
  within = [],
  changes,
}: Options): Pick<Parameters<typeof explainOne>[1], "counterfactuals"> {
  if (counterfactual === undefined) return {};
  return {
    counterfactuals: {
      wanted: counterfactual,
      fixed: new Set(fixed),
      bounds: new Map(within.map(boundsFrom)),
      mostChanges: wholeNumber("--changes", changes, 1, 8),
      ways: 3,
    },
  };
}

/** `distance=0..500`, with either end left out, or `carrier=UA|DL`. */
function boundsFrom(text: string): readonly [string, InputBounds] {
  const [, name = "", rest = ""] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  const [, least, most] = /^(-?[\d.]+(?:e-?\d+)?)?\.\.(-?[\d.]+(?:e-?\d+)?)?$/i.exec(rest) ?? [];
  if (name !== "" && (least !== undefined || most !== undefined)) {
    const bounds = {
      ...(least === undefined ? {} : { least: Number(least) }),
      ...(most === undefined ? {} : { most: Number(most) }),
    };
    if (Object.values(bounds).every(Number.isFinite) && !(Number(least) > Number(most))) return [name, bounds];
  } else if (name !== "" && rest !== "" && !rest.includes("..")) return [name, { among: rest.split("|") }];
  throw new SlipwayError(
    "USAGE",
    `--within takes an input's bounds, such as distance=0..500, or its categories, such as carrier=UA|DL; not "${text}".`,
  );
}
