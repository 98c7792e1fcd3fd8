// The door of the XGBoost engine: a trainer that fits in a child process, and a runtime that scores in this one.

export { findLibrary, type LibraryOptions } from "./library.ts";
export { xgboostRuntime } from "./runtime.ts";
export { xgboostTrainer } from "./trainer.ts";
