// What each role may do, whatever the thing. Deny is the default: a role may do what stands in its line and nothing else.

import type { Role } from "../core/core.ts";

/** Something that a request does. */
export type Action =
  /** Look at definitions, figures, runs, versions, datasets, artifacts. */
  | "read"
  /** Read features online. */
  | "readFeatures"
  /** Ask for predictions. */
  | "predict"
  /** Send events and bring views online. */
  | "push"
  /** Make experiments, runs, models and versions, and change those one may. */
  | "write"
  /** Approve versions and move the aliases that servers follow. */
  | "approve"
  /** What needs no more than being known: metrics of the server, its description. */
  | "look"
  /** Everything else: users, and routes that nobody gave a rule. */
  | "administer";

const lines: Readonly<Record<Role, readonly Action[]>> = {
  viewer: ["look", "read", "readFeatures"],
  service: ["look", "readFeatures", "predict", "push"],
  editor: ["look", "read", "readFeatures", "predict", "push", "write"],
  approver: ["look", "read", "readFeatures", "predict", "push", "write", "approve"],
  admin: ["look", "read", "readFeatures", "predict", "push", "write", "approve", "administer"],
};

/** Every action, from the least to the most. */
export const actions: readonly Action[] = lines.admin;

/** Whether a role may do something. */
export function mayDo(role: Role, action: Action): boolean {
  return lines[role].includes(action);
}
