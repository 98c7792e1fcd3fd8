// The door of `testing`: what every port asks of an engine, as vitest suites, for engines that are made elsewhere. A call declares the
// suite's tests where it stands; docs/engines.md shows one from the first line to the last.

export { appendLogContract, linesOf } from "../ports/append-log.contract.ts";
export { blobStoreContract } from "../ports/blob-store.contract.ts";
export { clockContract, replayClockContract } from "../ports/clock.contract.ts";
export { databaseContract } from "../ports/database.contract.ts";
export { eventLogContract } from "../ports/event-log.contract.ts";
export { acknowledgedUntilKilled } from "../ports/killed-process.contract.ts";
export {
  type ContractRow,
  type OfflineEngineSubject,
  offlineEngineContract,
  type SourceKit,
} from "../ports/offline-engine.contract.ts";
export { onlineStoreContract } from "../ports/online-store.contract.ts";
export { type RuntimeCase, runtimeContract } from "../ports/runtime.contract.ts";
export { schedulerContract } from "../ports/scheduler.contract.ts";
export {
  type SourceReaderKit,
  type SourceReaderSubject,
  sourceReaderContract,
} from "../ports/source-reader.contract.ts";
export { type TensorRuntimeCase, tensorRuntimeContract } from "../ports/tensor-runtime.contract.ts";
export {
  contractBatches,
  contractInputs,
  contractMatrix,
  contractRows,
  type TrainerCase,
  type TrainerRow,
  trainerContract,
} from "../ports/trainer.contract.ts";
