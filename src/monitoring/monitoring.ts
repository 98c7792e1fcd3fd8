// The door of `monitoring`: profiles stored with a version, and what later windows of predictions say against them.

export { type ColumnPicture, columnPicture, type PictureBar } from "./column-picture.ts";
export { type Adwin, type AdwinOptions, adwin } from "./detectors/adwin.ts";
export { type Cusum, type CusumOptions, cusum } from "./detectors/cusum.ts";
export type { Detector } from "./detectors/detector.ts";
export { type PageHinkleyOptions, pageHinkley } from "./detectors/page-hinkley.ts";
export type { DriftReport, InputDrift } from "./drift.ts";
export { type Look, type LookSources, look } from "./look.ts";
export type { Performance } from "./performance.ts";
export { type ModelProfile, profileBuilder } from "./profile.ts";
export { freshSequence, nextVerdict, type SequenceVerdict } from "./sequence.ts";
export { describeRows } from "./sketch/describe-rows.ts";
export { readReference } from "./sketch/read-reference.ts";
export { readWindow } from "./sketch/read-window.ts";
export type { RowSource } from "./sketch/row-source.ts";
export { readStoredReference, writeReference } from "./sketch/stored-reference.ts";
export type { Reference, Window } from "./sketch/table-sketch.ts";
export { normalQuantile } from "./statistics/tails.ts";
export { type ColumnVerdict, type DriftOptions, type DriftVerdict, driftVerdict, type PairVerdict } from "./verdict.ts";
export { type Week, weekOf } from "./week.ts";
