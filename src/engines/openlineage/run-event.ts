// Our events as OpenLineage's RunEvents (spec 2-0-2, https://openlineage.io/spec/2-0-2/OpenLineage.json). A facet says who made it and which schema it
// keeps to.

import { formatInstant } from "../../core/core.ts";
import type { ColumnQuality, LineageColumn, LineageDataset, LineageEvent } from "../../ports/lineage-sink.ts";

/** JSON of one event. */
export type RunEvent = Readonly<Record<string, unknown>>;

const SPEC = "https://openlineage.io/spec";
const EVENT_TYPES = { start: "START", complete: "COMPLETE", fail: "FAIL", abort: "ABORT" } as const;

/** The facets that are used, with the versions of their schemas. */
const FACETS = {
  schema: "1-2-0/SchemaDatasetFacet",
  dataSource: "1-0-1/DatasourceDatasetFacet",
  version: "1-0-1/DatasetVersionDatasetFacet",
  columnLineage: "1-2-0/ColumnLineageDatasetFacet",
  dataQualityMetrics: "1-0-3/DataQualityMetricsInputDatasetFacet",
  inputStatistics: "1-0-0/InputStatisticsInputDatasetFacet",
  outputStatistics: "1-0-2/OutputStatisticsOutputDatasetFacet",
  qualityOfOutput: "1-0-1/DataQualityMetricsDatasetFacet",
  jobType: "2-0-4/JobTypeJobFacet",
  documentation: "1-1-0/DocumentationJobFacet",
  sourceCodeLocation: "1-1-0/SourceCodeLocationJobFacet",
  parent: "1-2-0/ParentRunFacet",
  errorMessage: "1-0-1/ErrorMessageRunFacet",
  processing_engine: "1-1-1/ProcessingEngineRunFacet",
} as const;

/** The event as JSON. `producer` is the URI of what makes it. */
export function runEvent(event: LineageEvent, producer: string): RunEvent {
  const facet = (kind: keyof typeof FACETS, content: Readonly<Record<string, unknown>>) => {
    const schema = FACETS[kind];
    const name = schema.split("/")[1] ?? "";
    return { _producer: producer, _schemaURL: `${SPEC}/facets/${schema}.json#/$defs/${name}`, ...content };
  };
  const { state, at, runId, job, parent, error, engine, code } = event;
  return {
    eventType: EVENT_TYPES[state],
    eventTime: formatInstant(at),
    producer,
    schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    run: {
      runId,
      facets: {
        ...(parent ? { parent: facet("parent", { run: { runId: parent.runId }, job: plainJob(parent.job) }) } : {}),
        ...(error === undefined
          ? {}
          : { errorMessage: facet("errorMessage", { message: error, programmingLanguage: "TypeScript" }) }),
        ...(engine ? { processing_engine: facet("processing_engine", { ...engine }) } : {}),
      },
    },
    job: {
      ...plainJob(job),
      facets: {
        jobType: facet("jobType", { processingType: "BATCH", integration: "SLIPWAY", jobType: "JOB" }),
        documentation: facet("documentation", { description: job.description }),
        ...(code
          ? {
              sourceCodeLocation: facet("sourceCodeLocation", {
                type: "git",
                url: code.url,
                repoUrl: code.url,
                version: code.commit,
                ...(code.branch === undefined ? {} : { branch: code.branch }),
              }),
            }
          : {}),
      },
    },
    inputs: event.inputs.map((dataset) => {
      const { statistics, quality } = dataset;
      return {
        ...described(dataset, facet),
        inputFacets: {
          ...(statistics ? { inputStatistics: facet("inputStatistics", counts(statistics)) } : {}),
          ...(quality ? { dataQualityMetrics: facet("dataQualityMetrics", metrics(dataset)) } : {}),
        },
      };
    }),
    outputs: event.outputs.map((dataset) => {
      const { statistics, quality } = dataset;
      const { facets, ...named } = described(dataset, facet);
      return {
        ...named,
        facets: { ...facets, ...(quality ? { dataQualityMetrics: facet("qualityOfOutput", metrics(dataset)) } : {}) },
        outputFacets: statistics ? { outputStatistics: facet("outputStatistics", counts(statistics)) } : {},
      };
    }),
  };
}

type FacetMaker = (kind: keyof typeof FACETS, content: Readonly<Record<string, unknown>>) => unknown;

const plainJob = ({ namespace, name }: { readonly namespace: string; readonly name: string }) => ({ namespace, name });

function described({ namespace, name, columns, source, version, madeFrom }: LineageDataset, facet: FacetMaker) {
  return {
    namespace,
    name,
    facets: {
      ...(columns
        ? {
            schema: facet("schema", {
              fields: columns.map((column, index) => ({ ...column, ordinal_position: index + 1 })),
            }),
          }
        : {}),
      ...(source ? { dataSource: facet("dataSource", { ...source }) } : {}),
      ...(version === undefined ? {} : { version: facet("version", { datasetVersion: version }) }),
      ...(madeFrom ? { columnLineage: facet("columnLineage", columnLineage(madeFrom)) } : {}),
    },
  };
}

/** What a column's values are made of is direct; a key and a time decide which rows count, as in a join and a window. */
const TRANSFORMATIONS = {
  value: { type: "DIRECT", subtype: "TRANSFORMATION" },
  key: { type: "INDIRECT", subtype: "JOIN" },
  time: { type: "INDIRECT", subtype: "WINDOW" },
} as const;

function columnLineage(madeFrom: Readonly<Record<string, readonly LineageColumn[]>>) {
  const fields = Object.entries(madeFrom).map(([output, columns]) => [
    output,
    {
      inputFields: columns.map(({ namespace, name, column, as }) => ({
        namespace,
        name,
        field: column,
        transformations: [TRANSFORMATIONS[as]],
      })),
    },
  ]);
  return { fields: Object.fromEntries(fields) as Readonly<Record<string, unknown>> };
}

function counts({ rows, bytes, files }: NonNullable<LineageDataset["statistics"]>) {
  return {
    ...(rows === undefined ? {} : { rowCount: rows }),
    ...(bytes === undefined ? {} : { size: bytes }),
    ...(files === undefined ? {} : { fileCount: files }),
  };
}

function metrics({ statistics, quality = {} }: LineageDataset) {
  const column = ({ nulls, distinct, min, max }: ColumnQuality) => ({
    ...(nulls === undefined ? {} : { nullCount: nulls }),
    ...(distinct === undefined ? {} : { distinctCount: distinct }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  });
  const columns = Object.entries(quality).map(([name, figures]) => [name, column(figures)]);
  return {
    ...(statistics?.rows === undefined ? {} : { rowCount: statistics.rows }),
    columnMetrics: Object.fromEntries(columns) as Readonly<Record<string, unknown>>,
  };
}
