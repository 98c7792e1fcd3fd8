// The door of `guard`: what rows and values are expected to be, checked wherever they come in, and what becomes of those that are not.

export type { GuardContext } from "./context.ts";
export { type Enforced, enforce } from "./enforce.ts";
export type { Proposal } from "./infer.ts";
export { type Finding, lookAt } from "./look.ts";
export { lookAtView } from "./look-view.ts";
export { type Proposals, proposeForSource, proposeForView } from "./propose.ts";
export {
  dropQuarantine,
  listQuarantine,
  type QuarantineBatch,
  type QuarantinedRow,
  type QuarantineFilter,
  quarantineCounts,
  readQuarantine,
} from "./quarantine.ts";
export { closePushed, pushedRows, type Released, releasable, release } from "./release.ts";
export { type CheckedRow, isLetIn, type RowCheck, rowCheck } from "./row-check.ts";
export { setAside } from "./set-aside.ts";
export { type KeepTurnedAway, keepsTurnedAway, type TurnedAway } from "./turned-away.ts";
