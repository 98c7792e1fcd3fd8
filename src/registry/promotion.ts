// Whether a version has earned an alias: the gates and approvals that the applied definition of its model asks for, and what the newest
// retraining found of it. The move itself asks inside its own transaction, so whoever moves an alias, from wherever, is asked the same.

import { type Role, SlipwayError } from "../core/core.ts";
import type { GateSpec, ModelSpec, PromotionSpec } from "../define/define.ts";
import { fromJson, type RecordsTransaction } from "../records/records.ts";
import { aliasIn } from "./alias-target.ts";
import { type Approval, approvalsIn } from "./approvals.ts";
import type { RegistryContext } from "./context.ts";
import { versionOf } from "./version.ts";

/** One gate, and how a version stands to it. */
export interface GateResult {
  /** The gate and what was found, in words: `test auc 0.68, at least 0.7 needed`. */
  readonly gate: string;
  readonly passed: boolean;
}

/** How a version stands to what its model asks of one that an alias is to name. */
export interface PromotionStanding {
  readonly gates: readonly GateResult[];
  readonly approvals: { readonly needed: number; readonly by: Role; readonly given: readonly Approval[] };
  /** What still keeps it from the alias, in words; empty when nothing does. */
  readonly open: readonly string[];
}

type Connection = RegistryContext["records"]["db"] | RecordsTransaction;

/** The alias that servers follow. */
export const CHAMPION = "champion";

/** 0.75 − 0.74 is a little more than 0.01 in binary, and not worse by more. */
const ROUNDING = 1e-12;

/** How a version that is there stands to an alias now. */
export function promotionStanding(
  { records }: RegistryContext,
  version: { readonly model: string; readonly number: number },
  alias: string,
): Promise<PromotionStanding> {
  return standingIn(records.db, version, alias);
}

/** The same on a connection or inside a transaction. */
export async function standingIn(
  db: Connection,
  { model, number }: { readonly model: string; readonly number: number },
  alias: string,
): Promise<PromotionStanding> {
  const policies = (await policiesIn(db, model)).filter(({ aliases }) => aliases.includes(alias));
  const specs = policies.flatMap(({ gates }) => gates);
  const own = await metricsIn(db, model, number);
  const other = specs.some(({ kind }) => kind === "notWorse") ? await namedIn(db, model, alias) : undefined;
  const gates = specs.map((gate) => judged(gate, own, other?.number === number ? undefined : other));
  const comparison = alias === CHAMPION ? await comparisonIn(db, model, number) : undefined;
  if (comparison) gates.push(comparison);
  const asked = policies.map(({ approvals }) => approvals).sort((a, b) => b.count - a.count)[0];
  const { count, by } = asked ?? { count: 0, by: "approver" as const };
  const given = (await approvalsIn(db, model, number)).filter(({ role }) => role === by || role === "admin");
  const missing = count - given.length;
  const open = gates.filter(({ passed }) => !passed).map(({ gate }) => gate);
  if (missing > 0) open.push(`${given.length} of ${count} approvals by the role ${by}`);
  return { gates, approvals: { needed: count, by, given }, open };
}

/** The aliases of a model that need more than a word: `champion`, which servers follow, and those its policy names. */
export async function protectedAliases({ records }: RegistryContext, model: string): Promise<readonly string[]> {
  const policies = await policiesIn(records.db, model);
  return [...new Set([CHAMPION, ...policies.flatMap(({ aliases }) => aliases)])];
}

/** The error for a version that has not earned an alias. */
export function gateFailed(model: string, alias: string, number: number, open: readonly string[]): SlipwayError {
  return new SlipwayError(
    "GATE_FAILED",
    `Version ${number} of "${model}" may not be its ${alias} yet: ${open.join("; ")}. See slipway models gates ${model} ${number}; to move it all the same, say why and force it.`,
    { details: { model, alias, version: number, open } },
  );
}

/** The policies in force: what was applied, not what a file says now. */
async function policiesIn(db: Connection, model: string): Promise<readonly PromotionSpec[]> {
  const rows = await db
    .selectFrom("definitions_applied")
    .select("spec")
    .where("kind", "=", "model")
    .where("name", "=", model)
    .where("superseded_at", "is", null)
    .execute();
  return rows.flatMap(({ spec }) => fromJson<ModelSpec>(spec).promotion ?? []);
}

interface Judged {
  readonly number: number;
  readonly metrics: Readonly<Record<string, number>>;
}

async function metricsIn(db: Connection, model: string, number: number): Promise<Judged> {
  const row = await db
    .selectFrom("versions")
    .selectAll()
    .where("model", "=", model)
    .where("number", "=", number)
    .executeTakeFirstOrThrow();
  return { number, metrics: versionOf(row).metrics };
}

async function namedIn(db: Connection, model: string, alias: string): Promise<Judged | undefined> {
  const version = await aliasIn(db, model, alias);
  return version === undefined ? undefined : metricsIn(db, model, version);
}

function judged(gate: GateSpec, own: Judged, other: Judged | undefined): GateResult {
  const name = `test.${gate.metric}`;
  const value = own.metrics[name] ?? Number.NaN;
  const found = `${name} ${figure(value)}`;
  if (gate.kind !== "notWorse") {
    const passed = gate.kind === "atLeast" ? value >= gate.bound : value <= gate.bound;
    return { gate: `${found}, ${gate.kind === "atLeast" ? "at least" : "at most"} ${gate.bound} needed`, passed };
  }
  if (other === undefined) return { gate: `${found}, with no other version to compare with`, passed: true };
  const held = other.metrics[name] ?? Number.NaN;
  const worse = gate.better === "higher" ? held - value : value - held;
  return {
    gate: `${found}, at most ${gate.bound} worse than version ${other.number}'s ${figure(held)} needed`,
    // Where either has no figure, nothing shows that it is not worse.
    passed: worse <= gate.bound + ROUNDING,
  };
}

function figure(value: number): string {
  return Number.isNaN(value) ? "unknown" : String(Number(value.toPrecision(4)));
}

/** What the newest retraining found when it compared this version with the champion; undefined when none did. */
async function comparisonIn(db: Connection, model: string, number: number): Promise<GateResult | undefined> {
  const row = await db
    .selectFrom("decisions")
    .select(["evidence", "reason"])
    .where("model", "=", model)
    .where("challenger", "=", number)
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .executeTakeFirst();
  if (!row) return undefined;
  const { verdict } = fromJson<{ readonly verdict?: string }>(row.evidence);
  return verdict === undefined ? undefined : { gate: row.reason.replace(/\.$/, ""), passed: verdict === "promote" };
}
