// Trains one model while a person watches: what the training set looks like, how the rounds go, how good it is against doing
// nothing clever, and what became of the champion.

import { parseInstant, SlipwayError } from "../../core/core.ts";
import { learnFromLog, type TrainOutcome, trainModel } from "../../platform/platform.ts";
import type { Line } from "../output.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { figure, instantText } from "../words.ts";

/** `slipway train <model>` */
export async function run(
  context: CommandContext,
  options: {
    readonly until?: string;
    readonly promote: boolean;
    readonly from?: string;
    readonly refresh?: boolean;
    readonly learnFromLog?: boolean;
  },
  model: string,
): Promise<void> {
  if (options.learnFromLog === true) {
    if (options.until !== undefined || options.refresh === true)
      throw new SlipwayError(
        "USAGE",
        "--learn-from-log takes all labels that were pushed since, one after the other: leave --until and --refresh out.",
      );
    await learn(context, model, options.from);
    return;
  }
  const { output, progress, signal } = context;
  const knownBy = options.until === undefined ? {} : { knownBy: parseInstant(options.until) };
  await withPlatform(context, async (platform) => {
    const outcome = await progress.step(`Training ${model}`, () =>
      trainModel(platform, {
        model,
        ...knownBy,
        ...(options.from === undefined ? {} : { from: options.from }),
        ...(options.refresh === true ? { refresh: true } : {}),
        promote: options.promote,
        withBaselines: true,
        signal,
        onNote: (text) => progress.note(text),
        onStep: ({ round, metrics }) => progress.note(`round ${round}: ${metricsText(metrics)}`),
        onDataset: ({ parts, snapshot }) =>
          progress.line(`  training set: ${parts.train.rows} of ${snapshot.rowCount} rows to learn from`),
      }),
    );
    output.show(document(outcome), lines(outcome));
  });
}

async function learn(context: CommandContext, model: string, from: string | undefined): Promise<void> {
  const { output, progress, signal } = context;
  await withPlatform(context, async (platform) => {
    const { versions, events, labels } = await progress.step(`Learning ${model} from its labels`, () =>
      learnFromLog(platform, {
        model,
        ...(from === undefined ? {} : { from }),
        signal,
        onStep: ({ metrics }) => progress.note(metricsText(metrics)),
      }),
    );
    output.show(
      {
        model,
        labels,
        events,
        versions: versions.map(({ number, runId, metrics, artifactHash }) => ({
          ...{ version: number, run: runId, artifact: artifactHash },
          metrics,
        })),
      },
      [
        `${labels} labels were pushed since, ${events} of them of predictions that are new to it.`,
        ...versions.map(({ number, metrics }) => `Registered version ${number} of ${model}: ${metricsText(metrics)}`),
        versions.length === 0
          ? "There is nothing to learn from."
          : `To make it champion: slipway models promote ${model} ${versions.at(-1)?.number}`,
      ],
    );
  });
}

function metricsText(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join(", ");
}

function document(outcome: TrainOutcome): unknown {
  const { version, dataset, findings, fitted, promoted, held, champion, crossValidation } = outcome;
  const { task } = dataset.snapshot.model;
  const parts = Object.entries(dataset.parts).map(([name, { from, to, ...figures }]) => [
    name,
    { ...figures, from: instantText(from), to: instantText(to) },
  ]);
  return {
    model: version.model,
    version: version.number,
    run: version.runId,
    task,
    ...fromOf(outcome),
    ...(fitted.classes === undefined ? {} : { classes: fitted.classes }),
    dataset: { id: dataset.id, rows: dataset.snapshot.rowCount, parts: Object.fromEntries(parts) },
    findings,
    bestRound: version.bestRound,
    artifact: { hash: version.artifactHash, bytes: version.artifactSize, format: version.format },
    test: fitted.test,
    validate: fitted.validate,
    ...(fitted.calibration === undefined ? {} : { calibration: fitted.calibration, uncalibrated: fitted.uncalibrated }),
    baselines: fitted.baselines,
    ...(crossValidation === undefined ? {} : { crossValidation: foldsShown(crossValidation) }),
    promoted,
    held,
    championBefore: champion,
  };
}

/** The version that was gone on from, and whether its leaves were learnt anew. */
function fromOf({ version }: TrainOutcome): { readonly from?: string; readonly refresh?: boolean } {
  const { from } = version.environment as { readonly from?: { model: string; version: number; refresh: boolean } };
  return from === undefined ? {} : { from: `${from.model}@${from.version}`, refresh: from.refresh };
}

function lines(outcome: TrainOutcome): readonly Line[] {
  const { version, dataset, findings, fitted, promoted, held, champion, crossValidation } = outcome;
  const { constant, requestOnly } = fitted.baselines;
  const names = Object.keys(fitted.test);
  const { task } = dataset.snapshot.model;
  const label = {
    binary: "label rate",
    multiclass: "classes",
    regression: "mean label",
    ranking: "mean label",
    survival: "mean label",
  }[task.kind];
  const measured = [
    ["this version", fitted.test],
    ["before calibration", fitted.uncalibrated],
    ["request values alone", requestOnly],
    ["a constant", constant],
  ] as const;
  const name = `version ${version.number} of ${version.model}`;
  const before = champion === undefined ? "there was none" : `it was version ${champion}`;
  return [
    {
      columns: ["part", "rows", label, "from", "to"],
      rows: Object.entries(dataset.parts).map(([part, { rows, labels, mean, from, to }]) => [
        part,
        rows,
        task.kind === "multiclass" ? labels : figure(mean),
        instantText(from),
        instantText(to),
      ]),
    },
    ...findings.filter(({ severity }) => severity !== "info").map(({ severity, message }) => `${severity}: ${message}`),
    "",
    {
      columns: ["on the test rows", ...names],
      rows: measured.flatMap(([who, metrics]) =>
        metrics === undefined
          ? []
          : [
              [
                who,
                ...names.map((metric) => figure((metrics as Readonly<Record<string, number | undefined>>)[metric])),
              ],
            ],
      ),
    },
    ...(crossValidation === undefined ? [] : foldLines(crossValidation)),
    "",
    ...goneOn(outcome),
    promoted
      ? `Registered ${name} and made it champion (${before}).`
      : held.length > 0
        ? `Registered ${name}. It is not champion yet: ${held.join("; ")}. See: slipway models gates ${version.model} ${version.number}`
        : `Registered ${name}. To make it champion: slipway models promote ${version.model} ${version.number}`,
  ];
}

function goneOn(outcome: TrainOutcome): readonly Line[] {
  const { from, refresh } = fromOf(outcome);
  if (from === undefined) return [];
  const { bestRound, format } = outcome.version;
  if (!format.startsWith("xgboost")) return [`It goes on from ${from}, with these rows.`];
  return [
    refresh
      ? `The leaves of ${from}, ${bestRound} rounds, were learnt anew from these rows.`
      : `It goes on from ${from}, and has ${bestRound} rounds with those of that version.`,
  ];
}

type CrossValidation = NonNullable<TrainOutcome["crossValidation"]>;

function foldsShown({ folds, summary }: CrossValidation): unknown {
  return {
    folds: folds.map(({ runId, test, metrics }) => ({
      ...{ run: runId, rows: test.rows, from: instantText(test.from), to: instantText(test.to) },
      metrics,
    })),
    summary,
  };
}

function foldLines({ folds, summary }: CrossValidation): readonly Line[] {
  const names = Object.keys(summary);
  return [
    "",
    {
      columns: ["fold", "test rows", "from", "to", ...names],
      rows: [
        ...folds.map(({ test, metrics }, place) => [
          place + 1,
          ...[test.rows, instantText(test.from), instantText(test.to)],
          ...names.map((name) => figure(metrics[name])),
        ]),
        ["all", "", "", "", ...names.map((name) => `${figure(summary[name]?.mean)} ± ${figure(summary[name]?.sd)}`)],
      ],
    },
  ];
}
