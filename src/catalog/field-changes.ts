// What differs between two states of one definition, field by field. Both are in plain form (JSON). Lists of named things are matched by name; an
// expression is one value; a definition inside a definition is one too, because its own changes are told where it stands by itself.

import { canonicalJson, formatDuration } from "../core/core.ts";
import type { ExpressionNode } from "../define/define.ts";
import { expressionText } from "./expression-text.ts";

/** One field that differs; undefined where it is not there. */
export interface FieldChange {
  /** Where it stands: `features.mean_delay.window`. */
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
}

type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };
type Members = { readonly [name: string]: Plain };

/** The fields in which two plain forms differ. */
export function fieldChanges(before: unknown, after: unknown): readonly FieldChange[] {
  const found: FieldChange[] = [];
  compare("", before as Plain, after as Plain, found);
  return found;
}

function compare(path: string, before: Plain | undefined, after: Plain | undefined, found: FieldChange[]): void {
  if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after)) return;
  const [a, b] = [membersOf(before), membersOf(after)];
  const isWhole = path !== "" && (isUnit(before) || isUnit(after));
  if (!a || !b || isWhole) {
    found.push({
      path: path === "" ? "definition" : path,
      ...(before === undefined ? {} : { before: shown(path, before, after) }),
      ...(after === undefined ? {} : { after: shown(path, after, before, true) }),
    });
    return;
  }
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    // A rule is what a feature is; the word says nothing more.
    const next = path === "" ? name : name === "rule" ? path : `${path}.${name}`;
    compare(next, a.get(name), b.get(name), found);
  }
}

/** The parts that are compared one by one: an object's members, or a list's named items. */
function membersOf(value: Plain | undefined): ReadonlyMap<string, Plain> | undefined {
  if (Array.isArray(value)) {
    const named = value.map((item) => [nameOf(item), item] as const);
    return named.every(([name]) => name !== undefined) ? new Map(named as [string, Plain][]) : undefined;
  }
  return typeof value === "object" && value !== null ? new Map(Object.entries(value as Members)) : undefined;
}

function nameOf(value: Plain): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { name } = value as Members;
  return typeof name === "string" ? name : undefined;
}

const DEFINITIONS = new Set([
  "source",
  "entity",
  "featureView",
  "derivedView",
  "onDemand",
  "featureGroup",
  "model",
  "monitor",
  "retrain",
  "channel",
]);
const NODES = new Set(["literal", "call", "column", "feature", "row"]);

function kindOf(value: Plain | undefined): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "";
  return String((value as Members)["kind"]);
}

const isUnit = (value: Plain | undefined): boolean => DEFINITIONS.has(kindOf(value)) || NODES.has(kindOf(value));

const DURATIONS = new Set([
  "window",
  "ttl",
  "every",
  "atMostEvery",
  "gateWindow",
  "validate",
  "test",
  "unit",
  "within",
  "per",
]);

function shown(path: string, value: Plain, other: Plain | undefined, isAfter = false): string {
  const field = path.slice(path.lastIndexOf(".") + 1);
  if (DURATIONS.has(field) && typeof value === "string" && /^-?\d+$/.test(value)) return formatDuration(BigInt(value));
  if (NODES.has(kindOf(value))) return expressionText(value as unknown as ExpressionNode);
  if (DEFINITIONS.has(kindOf(value))) {
    const name = nameOf(value) ?? "";
    return isAfter && other !== undefined && nameOf(other) === name ? `${name} (changed)` : name;
  }
  const inner = membersOf(value)?.get("value");
  if (NODES.has(kindOf(inner))) return expressionText(inner as unknown as ExpressionNode);
  if (typeof value === "object" && value !== null && "rule" in value)
    return `a feature (${canonicalJson((value as Members)["type"])})`;
  return typeof value === "string" ? value : canonicalJson(value);
}
