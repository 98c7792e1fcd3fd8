// Records as MLflow's messages: snake case, times in milliseconds as JSON numbers, numbers that JSON has no word for as text, and nothing
// for what is empty or unset.

import { tracking } from "../../platform/platform.ts";

type Json = Readonly<Record<string, unknown>>;

/** An object without what is undefined, null or an empty list. */
export function compact(object: Json): Json {
  const kept: Record<string, unknown> = {};
  for (const name in object) {
    const value = object[name];
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) continue;
    kept[name] = value;
  }
  return kept;
}

/** A float as JSON can say it. */
export function float(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

const STATUSES: Readonly<Record<tracking.TrackedStatus, string>> = {
  running: "RUNNING",
  scheduled: "SCHEDULED",
  finished: "FINISHED",
  failed: "FAILED",
  cancelled: "KILLED",
};

/** A status by MLflow's name for it; undefined for one that it does not have. */
export function statusNamed(name: string): tracking.TrackedStatus | undefined {
  for (const status in STATUSES)
    if (STATUSES[status as tracking.TrackedStatus] === name) return status as tracking.TrackedStatus;
  return undefined;
}

const stage = (isDeleted: boolean): string => (isDeleted ? "deleted" : "active");

/** `Experiment` */
export function experimentJson(experiment: tracking.TrackedExperiment): Json {
  return compact({
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: tracking.experimentArtifacts(experiment.id, experiment.artifactRoot),
    lifecycle_stage: stage(experiment.isDeleted),
    last_update_time: experiment.updatedAt,
    creation_time: experiment.createdAt,
    tags: experiment.tags,
  });
}

/** `RunInfo` */
function runInfo(run: tracking.TrackedRun): Json {
  return compact({
    run_uuid: run.id,
    run_id: run.id,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: run.user,
    status: STATUSES[run.status],
    start_time: run.startedAt,
    end_time: run.endedAt,
    artifact_uri: tracking.runArtifacts(run),
    lifecycle_stage: stage(run.isDeleted),
  });
}

/** `Run` */
export function runJson(run: tracking.TrackedRun): Json {
  return {
    info: runInfo(run),
    data: compact({
      metrics: run.metrics.map(metricJson),
      params: run.params.map(({ key, value }) => ({ key, value })),
      tags: run.tags.map(({ key, value }) => ({ key, value })),
    }),
    inputs: compact({
      dataset_inputs: run.datasets.map(({ tags, ...dataset }) => compact({ tags, dataset: datasetJson(dataset) })),
      model_inputs: run.modelInputs.map((model_id) => ({ model_id })),
    }),
    ...(run.modelOutputs.length === 0
      ? {}
      : { outputs: { model_outputs: run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step })) } }),
  };
}

function datasetJson(dataset: Omit<tracking.InputDataset, "tags">): Json {
  return compact({
    name: dataset.name,
    digest: dataset.digest,
    source_type: dataset.sourceType,
    source: dataset.source,
    schema: dataset.schema,
    profile: dataset.profile,
  });
}

/** `Metric` */
export function metricJson(metric: tracking.TrackedMetric): Json {
  const { key, value, timestamp, step, modelId, datasetName, datasetDigest } = metric;
  if (modelId === undefined && datasetName === undefined) return { key, value: float(value), timestamp, step };
  return compact({
    key,
    value: float(value),
    timestamp,
    step,
    model_id: modelId,
    dataset_name: datasetName,
    dataset_digest: datasetDigest,
  });
}

/** `MetricWithRunId` */
export function runMetricJson({ runId, key, value, timestamp, step }: tracking.RunMetric): Json {
  return { key, value: float(value), timestamp, step, run_id: runId };
}

const MODEL_STATUSES: Readonly<Record<tracking.LoggedModel["status"], string>> = {
  pending: "LOGGED_MODEL_PENDING",
  ready: "LOGGED_MODEL_READY",
  failed: "LOGGED_MODEL_UPLOAD_FAILED",
};

/** A logged model's status by MLflow's name for it. */
export function modelStatusNamed(name: string): tracking.LoggedModel["status"] | undefined {
  for (const status in MODEL_STATUSES)
    if (MODEL_STATUSES[status as tracking.LoggedModel["status"]] === name)
      return status as tracking.LoggedModel["status"];
  return undefined;
}

/** `LoggedModel` */
export function loggedModelJson(model: tracking.LoggedModel): Json {
  return {
    info: compact({
      model_id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.createdAt,
      last_updated_timestamp_ms: model.updatedAt,
      artifact_uri: tracking.loggedModelArtifacts(model),
      status: MODEL_STATUSES[model.status],
      model_type: model.type,
      source_run_id: model.runId,
      status_message: model.statusMessage,
      tags: model.tags,
    }),
    data: compact({
      params: model.params,
      metrics: model.metrics.map((metric) =>
        compact({
          key: metric.key,
          value: float(metric.value),
          timestamp: metric.timestamp,
          step: metric.step,
          model_id: model.id,
          run_id: metric.runId,
          dataset_name: metric.datasetName,
          dataset_digest: metric.datasetDigest,
        }),
      ),
    }),
  };
}

/** `RegisteredModel` */
export function registeredModelJson(model: tracking.RegisteredModel): Json {
  return compact({
    name: model.name,
    creation_timestamp: model.createdAt,
    last_updated_timestamp: model.updatedAt,
    description: model.description ?? "",
    latest_versions: model.latestVersions.map(modelVersionJson),
    tags: model.tags,
    aliases: model.aliases.map(({ alias, version }) => ({ alias, version: String(version) })),
  });
}

/** `ModelVersion` */
export function modelVersionJson(version: tracking.ModelVersion): Json {
  return compact({
    name: version.model,
    version: String(version.number),
    creation_timestamp: version.createdAt,
    last_updated_timestamp: version.updatedAt,
    user_id: version.user ?? "",
    current_stage: version.stage,
    description: version.description ?? "",
    source: version.source,
    run_id: version.runId ?? "",
    status: "READY",
    tags: version.tags,
    run_link: version.runLink ?? "",
    aliases: version.aliases,
  });
}
