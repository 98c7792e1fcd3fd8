/** How bad something is that a monitor found. */
export type Severity = "info" | "warning" | "critical";

/** Every severity, the least first. */
export const severities: readonly Severity[] = ["info", "warning", "critical"];

/** Whether one severity is at least as bad as another. */
export function isAsSevere(one: Severity, other: Severity): boolean {
  return severities.indexOf(one) >= severities.indexOf(other);
}
