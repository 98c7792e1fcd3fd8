// Tells a lineage sink what the platform does: building training sets, training, registering versions, bringing views online. Each piece of work begins
// and ends once, under one run id. Without a sink nothing is put together at all.

import { featureColumns, trainingColumns, type UsedColumn } from "../catalog/catalog.ts";
import { type Instant, newId, type RandomBytes, SlipwayError } from "../core/core.ts";
import { modelSources, snapshotSchema } from "../datasets/datasets.ts";
import { definitionHash, type FeatureViewSpec, type ModelSpec } from "../define/define.ts";
import type { LineageCode, LineageColumn, LineageDataset, LineageEvent, LineageSink } from "../ports/ports.ts";
import type { Ending, TrainingWatch } from "../training/training.ts";
import { lineageColumns, type NamingContext, ownNamespace, placeOfSource, sourceDataset } from "./lineage-names.ts";

/** What events are made from. */
export interface LineageContext extends NamingContext {
  readonly sink: LineageSink | undefined;
  readonly now: () => Instant;
  readonly random: RandomBytes;
  readonly code: LineageCode | undefined;
  readonly engine: { readonly name: string; readonly version: string };
}

/** What the platform's operations tell. */
export interface LineageRecord extends TrainingWatch {
  /** A training set is written to a file or folder. */
  trainingSet(model: ModelSpec, place: string): Ending<WrittenRows>;
  /** A view is brought online. */
  materialization(view: FeatureViewSpec): Ending<{ readonly rows: number }>;
  readonly sink: LineageSink | undefined;
}

/** Rows that were written. */
export interface WrittenRows {
  readonly rows: number;
  readonly bytes: number;
  readonly files: number;
  /** Its content hash. */
  readonly id: string;
}

interface Work {
  readonly job: string;
  readonly description: string;
  readonly runId?: string;
  readonly parent?: LineageEvent["parent"];
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageDataset[];
}

const NOTHING: Ending<never> = { done: () => undefined, failed: () => undefined };

/** Tells a sink what is done. */
export function lineageRecord(context: LineageContext): LineageRecord {
  const { sink, code, engine } = context;
  const own = ownNamespace(context);

  /** Says that something began; what is returned says how it ended. A description that cannot be made stops nothing. */
  function begin<T>(describe: () => Work, result: (work: Work, value: T) => Partial<Work>): Ending<T> {
    if (!sink) return NOTHING as Ending<T>;
    try {
      const work = describe();
      const runId = work.runId ?? newId(context.now(), context.random);
      const tell = (state: LineageEvent["state"], more: Partial<Work> & { readonly error?: string }): void => {
        const { inputs = work.inputs, outputs = work.outputs, error } = more;
        sink.emit({
          state,
          at: context.now(),
          runId,
          job: { namespace: context.project, name: work.job, description: work.description },
          ...(work.parent ? { parent: work.parent } : {}),
          inputs,
          outputs,
          ...(error === undefined ? {} : { error }),
          engine,
          ...(code ? { code } : {}),
        });
      };
      tell("start", {});
      return {
        done: (value) => quietly(() => tell("complete", result(work, value))),
        failed: (thrown) => {
          const isStopped = thrown instanceof SlipwayError && thrown.code === "CANCELLED";
          const error = thrown instanceof Error ? thrown.message : String(thrown);
          quietly(() => tell(isStopped ? "abort" : "fail", { error }));
        },
      };
    } catch {
      return NOTHING as Ending<T>;
    }
  }

  const columnsOf = (used: readonly UsedColumn[]): readonly LineageColumn[] =>
    used.map(({ source, column, as }) => ({ ...placeOfSource(context, source), column, as }));
  const sourcesOf = (model: ModelSpec): readonly LineageDataset[] =>
    modelSources(model).map((source) => sourceDataset(context, source));
  const datasetOf = (model: ModelSpec): LineageDataset => ({
    namespace: own,
    name: `datasets/${model.name}`,
    columns: lineageColumns(snapshotSchema(model)) ?? [],
    madeFrom: madeFrom(model),
  });
  const madeFrom = (model: ModelSpec): Readonly<Record<string, readonly LineageColumn[]>> =>
    Object.fromEntries(Object.entries(trainingColumns(model)).map(([name, used]) => [name, columnsOf(used)]));
  const modelDataset = (model: ModelSpec, version?: number): LineageDataset => ({
    namespace: own,
    name: `models/${model.name}`,
    ...(version === undefined ? {} : { version: String(version) }),
  });
  const trainJob = (model: ModelSpec): string => `train.${model.name}`;

  return {
    sink,
    dataset: (model) =>
      begin(
        () => ({
          job: `training_set.${model.name}`,
          description: `Features of model ${model.name} as of each row's time, with the label`,
          inputs: sourcesOf(model),
          outputs: [datasetOf(model)],
        }),
        ({ outputs: [output] }, { dataset }) => ({
          outputs: output
            ? [
                {
                  ...output,
                  version: dataset.id,
                  statistics: { rows: Object.values(dataset.parts).reduce((sum, part) => sum + part.rows, 0) },
                },
              ]
            : [],
        }),
      ),
    run: (model, run, dataset) =>
      begin(
        () => ({
          job: trainJob(model),
          description: `Trains model ${model.name}`,
          runId: run.id,
          inputs: [
            {
              namespace: own,
              name: `datasets/${model.name}`,
              version: dataset.id,
              columns: lineageColumns(snapshotSchema(model)) ?? [],
              statistics: { rows: dataset.parts.train.rows },
              quality: labelQuality(dataset.parts.train),
            },
          ],
          outputs: [modelDataset(model)],
        }),
        (_work, { number, artifactSize }) => ({
          outputs: [{ ...modelDataset(model, number), statistics: { bytes: artifactSize, files: 1 } }],
        }),
      ),
    registration: (model, run) =>
      begin(
        () => ({
          job: `register.${model.name}`,
          description: `Registers a version of model ${model.name}`,
          parent: { runId: run.id, job: { namespace: context.project, name: trainJob(model) } },
          inputs: [{ namespace: own, name: `runs/${run.id}` }],
          outputs: [modelDataset(model)],
        }),
        (_work, { number }) => ({ outputs: [modelDataset(model, number)] }),
      ),
    trainingSet: (model, place) =>
      begin(
        () => ({
          job: `training_set.${model.name}`,
          description: `Writes the training set of model ${model.name}`,
          inputs: sourcesOf(model),
          outputs: [
            {
              namespace: "file",
              name: place,
              source: { name: `training set of ${model.name}`, uri: `file://${place}` },
              columns: lineageColumns(snapshotSchema(model)) ?? [],
              madeFrom: madeFrom(model),
            },
          ],
        }),
        ({ outputs: [output] }, { id, ...statistics }) => ({
          outputs: output ? [{ ...output, version: id, statistics }] : [],
        }),
      ),
    materialization: (view) =>
      begin(
        () => ({
          job: `materialize.${view.name}`,
          description: `Brings feature view ${view.name} online`,
          inputs: [sourceDataset(context, view.source)],
          outputs: [
            {
              namespace: own,
              name: `online/${view.name}`,
              version: definitionHash(view),
              columns: lineageColumns([...view.keys, ...view.features]) ?? [],
              madeFrom: Object.fromEntries([
                ...view.keys.map(({ name }): [string, readonly LineageColumn[]] => [
                  name,
                  columnsOf([{ source: view.source, column: name, as: "value" }]),
                ]),
                ...view.features.map(({ name }): [string, readonly LineageColumn[]] => [
                  name,
                  columnsOf(featureColumns(view, name)),
                ]),
              ]),
            },
          ],
        }),
        ({ inputs: [input], outputs: [output] }, { rows }) => ({
          inputs: input ? [{ ...input, statistics: { rows } }] : [],
          outputs: output ? [{ ...output, statistics: { rows } }] : [],
        }),
      ),
  };
}

const labelQuality = ({ rows, positives }: { readonly rows: number; readonly positives: number }) => ({
  label: { nulls: 0, distinct: positives > 0 && positives < rows ? 2 : 1 },
});

/** A description that cannot be made or told is not worth the work that it is of. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // The sink counts what it loses; nothing is to be done here.
  }
}
