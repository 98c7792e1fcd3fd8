// The door of `guard`: what rows and values are expected to be, checked wherever they come in, and what becomes of those that are not.

export { type CheckedRow, isLetIn, type RowCheck, rowCheck } from "./row-check.ts";
