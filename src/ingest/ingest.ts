// The door of `ingest`: pushed events, checked, written to the log for good, and brought online.

export { type Intake, openIntake, type PushRequest } from "./intake.ts";
export { type KeptPosition, keptPosition } from "./known-ids.ts";
export type { IntakeEngines, IntakeState, PushOutcome, Rejection } from "./source-intake.ts";
