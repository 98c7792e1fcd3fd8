// What a user may do with one thing. Whoever makes a thing manages it; others may read it, and change it when it was given to them. A run
// belongs to who began it, and else follows its experiment, so that people can share the default experiment without touching each
// other's runs.

import type { Role } from "../core/core.ts";
import { SlipwayError } from "../core/core.ts";
import { instantToSql } from "../records/records.ts";
import type { AccessContext } from "./context.ts";
import { audit, requireUser } from "./users.ts";

/** What may be done with a thing: look at it, change it, or also delete it and give it to others. */
export type Permission = "read" | "edit" | "manage";

/** Every permission, from the least to the most. */
export const permissions: readonly Permission[] = ["read", "edit", "manage"];

/** A thing that belongs to someone. */
export interface Thing {
  readonly kind: "experiment" | "run" | "loggedModel" | "model";
  readonly id: string;
}

/** The experiment that is there for all: everyone may begin runs in it. */
const SHARED_EXPERIMENT = "0";

/** What a user may do with a thing, undefined when it is not there; "edit" of an experiment means to begin runs in it. */
export async function permissionOn(
  { records }: Pick<AccessContext, "records">,
  person: { readonly name: string; readonly role: Role },
  { kind, id }: Thing,
): Promise<Permission | undefined> {
  if (person.role === "admin") return "manage";
  const { db } = records;
  switch (kind) {
    case "experiment": {
      if (!(await db.selectFrom("experiments").select("id").where("id", "=", id).executeTakeFirst())) return undefined;
      const given = await grantOf(records, person.name, "experiment", id);
      return id === SHARED_EXPERIMENT ? most("edit", given) : given;
    }
    case "model":
      if (!(await db.selectFrom("models").select("name").where("name", "=", id).executeTakeFirst())) return undefined;
      return grantOf(records, person.name, "model", id);
    case "run": {
      const run = await db
        .selectFrom("runs")
        .select(["actor", "experiment_id"])
        .where("id", "=", id)
        .executeTakeFirst();
      if (!run) return undefined;
      return run.actor === person.name ? "manage" : grantOf(records, person.name, "experiment", run.experiment_id);
    }
    case "loggedModel": {
      const model = await db
        .selectFrom("logged_models")
        .select(["run_id", "experiment_id"])
        .where("id", "=", id)
        .executeTakeFirst();
      if (!model) return undefined;
      const { run_id, experiment_id } = model;
      const around: Thing = run_id === null ? { kind: "experiment", id: experiment_id } : { kind: "run", id: run_id };
      const given = await grantOf(records, person.name, "loggedModel", id);
      const held = await grantOf(records, person.name, "experiment", experiment_id);
      // Everyone may begin something in the shared experiment, which gives nobody what others began there.
      const own = around.kind === "run" ? await permissionOn({ records }, person, around) : held;
      return most(given, own ?? held);
    }
  }
}

/** The experiment that a run or logged model belongs to; undefined for other things, and for what is not there. */
export async function experimentOf(
  { records: { db } }: Pick<AccessContext, "records">,
  { kind, id }: Thing,
): Promise<string | undefined> {
  if (kind !== "run" && kind !== "loggedModel") return undefined;
  const found = await db
    .selectFrom(kind === "run" ? "runs" : "logged_models")
    .select("experiment_id")
    .where("id", "=", id)
    .executeTakeFirst();
  return found?.experiment_id;
}

function most(one: Permission, other: Permission): Permission {
  return permissions.indexOf(one) > permissions.indexOf(other) ? one : other;
}

async function grantOf(
  { db }: AccessContext["records"],
  user: string,
  kind: string,
  thing: string,
): Promise<Permission> {
  const row = await db
    .selectFrom("grants")
    .select("permission")
    .where("user_name", "=", user)
    .where("kind", "=", kind)
    .where("thing", "=", thing)
    .executeTakeFirst();
  return (row?.permission as Permission | undefined) ?? "read";
}

/** Gives a user something to do with an experiment or a model, instead of what was given before. */
export async function giveAccess(
  context: AccessContext,
  user: string,
  thing: Thing & { readonly kind: "experiment" | "model" },
  permission: string,
): Promise<void> {
  const known = permissions.find((each) => each === permission);
  if (!known)
    throw new SlipwayError("INPUT_INVALID", `"${permission}" is no permission. There are ${permissions.join(", ")}.`);
  await context.records.transact(async (tx) => {
    await requireUser(tx, user);
    const { kind, id } = thing;
    const there =
      kind === "experiment"
        ? await tx.selectFrom("experiments").select("id").where("id", "=", id).executeTakeFirst()
        : await tx.selectFrom("models").select("name").where("name", "=", id).executeTakeFirst();
    if (!there)
      throw new SlipwayError(
        kind === "model" ? "MODEL_NOT_FOUND" : "EXPERIMENT_NOT_FOUND",
        `There is no ${kind} "${id}".`,
      );
    const at = instantToSql(context.clock.now());
    await tx
      .insertInto("grants")
      .values({ user_name: user, kind, thing: id, permission: known, at })
      .onConflict((conflict) => conflict.columns(["user_name", "kind", "thing"]).doUpdateSet({ permission: known, at }))
      .execute();
    await audit(tx, context, "access.given", `${kind}/${id}`, { user, permission: known });
  });
}

/** Takes back what was given to a user. */
export async function takeAccess(
  context: AccessContext,
  user: string,
  { kind, id }: Thing & { readonly kind: "experiment" | "model" },
): Promise<void> {
  await context.records.transact(async (tx) => {
    await requireUser(tx, user);
    await tx
      .deleteFrom("grants")
      .where("user_name", "=", user)
      .where("kind", "=", kind)
      .where("thing", "=", id)
      .execute();
    await audit(tx, context, "access.taken", `${kind}/${id}`, { user });
  });
}
