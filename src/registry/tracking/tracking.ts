// The door of tracking inside the registry: what clients that keep their own notebooks write and read. The registry's door passes it on
// under one name, `tracking`.

import type { Outbound } from "../../ports/ports.ts";
import { groupedWrites } from "../../records/records.ts";
import type { RegistryContext } from "../context.ts";
import type { Secrets } from "../secrets.ts";
import type { TrackingContext } from "./context.ts";
import { ensureDefaultExperiment } from "./experiments.ts";
import { sealWebhookSecrets } from "./webhook-secrets.ts";

export { WEBHOOK_EVENTS, type WebhookEvent } from "../webhook-events.ts";
export {
  checkedArtifactRoot,
  experimentArtifacts,
  loggedModelArtifacts,
  ownerOfPath,
  pathOfUri,
  runArtifacts,
} from "./artifact-places.ts";
export { abortUpload, beginUpload, completeUpload, putPart } from "./artifact-uploads.ts";
export {
  type ArtifactContent,
  type ArtifactFile,
  checkedArtifactPath,
  deleteArtifacts,
  listArtifacts,
  openArtifact,
  putArtifact,
} from "./artifacts.ts";
export type { Tag, TrackingContext } from "./context.ts";
export { searchExperiments } from "./experiment-search.ts";
export {
  deleteExperimentTag,
  experimentById,
  experimentByName,
  newExperiment,
  renameExperiment,
  setExperimentAside,
  setExperimentTag,
  type TrackedExperiment,
} from "./experiments.ts";
export { searchInputs } from "./input-search.ts";
export { type DatasetMatch, type LoggedModelOrder, searchLoggedModels } from "./logged-model-search.ts";
export {
  beginLoggedModel,
  deleteLoggedModel,
  deleteLoggedModelTag,
  finishLoggedModel,
  type LoggedModel,
  loggedModel,
  logLoggedModelParams,
  setLoggedModelTags,
} from "./logged-models.ts";
export { historiesOf, historyText, type RunMetric, sampledHistories, trackedHistory } from "./metric-history.ts";
export {
  deleteModelVersion,
  deleteVersionTag,
  describeVersion,
  downloadUri,
  type ModelVersion,
  modelVersion,
  moveToStage,
  newModelVersion,
  setVersionTag,
} from "./model-versions.ts";
export {
  deleteModelAlias,
  deleteModelTag,
  deleteRegisteredModel,
  describeRegisteredModel,
  newRegisteredModel,
  type RegisteredModel,
  registeredModel,
  renameRegisteredModel,
  setModelAlias,
  setModelTag,
} from "./registered-models.ts";
export { searchModelVersions, searchRegisteredModels } from "./registry-search.ts";
export { type InputDataset, logRunInputs, logRunOutputs } from "./run-inputs.ts";
export { logToRun, type TrackedMetric } from "./run-log.ts";
export { type TrackedRun, trackedRun } from "./run-rows.ts";
export { type LifecycleView, type Page, searchRuns } from "./run-search.ts";
export {
  beginRun,
  changeRun,
  deleteRunTag,
  setRunAside,
  setRunTag,
  type TrackedStatus,
} from "./runs.ts";
export { isVersionFolder, versionOfPath } from "./version-folder.ts";
export { sourceReference } from "./version-source.ts";
export { deliverDue, testWebhook } from "./webhook-deliveries.ts";
export { keysOfWebhookSecrets, sealWebhookSecrets } from "./webhook-secrets.ts";
export {
  changeWebhook,
  deleteWebhook,
  listWebhooks,
  newWebhook,
  type Webhook,
  type WebhookChange,
  webhook,
} from "./webhooks.ts";

/** Opens tracking on a registry; the default experiment is there from then on, and secrets are sealed with the newest key. */
export async function openTracking(
  registry: RegistryContext,
  outbound?: Outbound,
  secrets?: Secrets,
): Promise<TrackingContext> {
  const context = {
    ...registry,
    write: groupedWrites(registry.records),
    ...(outbound ? { outbound } : {}),
    ...(secrets ? { secrets } : {}),
  };
  await ensureDefaultExperiment(context);
  if (secrets) await sealWebhookSecrets(registry, secrets);
  return context;
}
