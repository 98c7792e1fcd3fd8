// The door of `monitoring`: profiles stored with a version, and what later windows of predictions say against them.

export { type DriftReport, type InputDrift, normalQuantile } from "./drift.ts";
export { type Look, type LookSources, look } from "./look.ts";
export type { Performance } from "./performance.ts";
export { type ModelProfile, profileBuilder } from "./profile.ts";
