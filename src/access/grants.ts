// What a user may do with one thing. Whoever makes a thing manages it; with what others made one may do what was given, and else the default, which
// is to look at it. A run belongs to who began it, and else follows its experiment, so that people can share the default experiment without
// touching each other's runs. What lists show is held to the same in registry/sight.ts.

import { type Role, SlipwayError } from "../core/core.ts";
import { instantToSql } from "../records/records.ts";
import type { AccessContext } from "./context.ts";
import { type Permission, permissions, type Thing } from "./permissions.ts";
import { audit, requireUser } from "./users.ts";

/** The experiment that is there for all: everyone may begin runs in it. */
const SHARED_EXPERIMENT = "0";

type Reading = Pick<AccessContext, "records">;

/** What a user may do with a thing, undefined when it is not there; "edit" of an experiment means to begin runs in it. */
export async function permissionOn(
  context: Reading,
  { name, role }: { readonly name: string; readonly role: Role },
  { kind, id }: Thing,
): Promise<Permission | undefined> {
  if (role === "admin") return "manage";
  const { db } = context.records;
  const held = async (of: string, thing: string): Promise<Permission> => {
    const { given, otherwise } = await permissionsOf(context, name, of, thing);
    return given ?? otherwise;
  };
  switch (kind) {
    case "everything": {
      const hidden = await db
        .selectFrom("grants")
        .select("thing")
        .where("user_name", "=", name)
        .where("permission", "=", "none")
        .executeTakeFirst();
      return hidden ? "none" : await defaultPermission(context);
    }
    case "contents":
      return held("experiment", id);
    case "experiment": {
      if (!(await db.selectFrom("experiments").select("id").where("id", "=", id).executeTakeFirst())) return undefined;
      const { given, otherwise } = await permissionsOf(context, name, "experiment", id);
      if (id !== SHARED_EXPERIMENT) return given ?? otherwise;
      return given === "none" ? "none" : most("edit", given ?? otherwise);
    }
    case "model":
      if (!(await db.selectFrom("models").select("name").where("name", "=", id).executeTakeFirst())) return undefined;
      return held("model", id);
    case "run": {
      const run = await db
        .selectFrom("runs")
        .select(["made_by", "experiment_id"])
        .where("id", "=", id)
        .executeTakeFirst();
      if (!run) return undefined;
      return run.made_by === name ? "manage" : held("experiment", run.experiment_id);
    }
    case "loggedModel": {
      const model = await db
        .selectFrom("logged_models")
        .leftJoin("runs", "runs.id", "logged_models.run_id")
        .select(["logged_models.experiment_id", "runs.made_by"])
        .where("logged_models.id", "=", id)
        .executeTakeFirst();
      if (!model) return undefined;
      if (model.made_by === name) return "manage";
      const { given = "none" } = await permissionsOf(context, name, "loggedModel", id);
      return most(given, await held("experiment", model.experiment_id));
    }
  }
}

/** The experiment that a run or logged model belongs to; undefined for other things, and for what is not there. */
export async function experimentOf({ records: { db } }: Reading, { kind, id }: Thing): Promise<string | undefined> {
  if (kind === "contents" && id !== "") return id;
  if (kind !== "run" && kind !== "loggedModel") return undefined;
  const found = await db
    .selectFrom(kind === "run" ? "runs" : "logged_models")
    .select("experiment_id")
    .where("id", "=", id)
    .executeTakeFirst();
  return found?.experiment_id;
}

/** The id of the experiment of a name. */
export async function experimentNamed({ records: { db } }: Reading, name: string): Promise<string | undefined> {
  return (await db.selectFrom("experiments").select("id").where("name", "=", name).executeTakeFirst())?.id;
}

function most(one: Permission, other: Permission): Permission {
  return permissions.indexOf(one) > permissions.indexOf(other) ? one : other;
}

/** What was given to a user of a thing, and what holds where nothing was. */
async function permissionsOf(
  { records: { db } }: Reading,
  user: string,
  kind: string,
  thing: string,
): Promise<{ readonly given: Permission | undefined; readonly otherwise: Permission }> {
  const row = await db
    .selectNoFrom((from) => [
      from
        .selectFrom("grants")
        .select("permission")
        .where("user_name", "=", user)
        .where("kind", "=", kind)
        .where("thing", "=", thing)
        .as("given"),
      from.selectFrom("default_permission").select("permission").as("otherwise"),
    ])
    .executeTakeFirstOrThrow();
  return {
    given: (row.given as Permission | null) ?? undefined,
    otherwise: (row.otherwise as Permission | null) ?? UNCHANGED,
  };
}

/** What everybody may do with other people's things until an admin says otherwise. */
const UNCHANGED: Permission = "read";

/** What everybody may do with other people's things. */
export async function defaultPermission({ records: { db } }: Reading): Promise<Permission> {
  const row = await db.selectFrom("default_permission").select("permission").executeTakeFirst();
  return (row?.permission as Permission | undefined) ?? UNCHANGED;
}

/** Says what everybody may do with other people's things: `none`, `read` or `edit`. */
export async function setDefaultPermission(context: AccessContext, permission: string): Promise<void> {
  const known = permissions.find((each) => each === permission && each !== "manage");
  if (!known) throw new SlipwayError("INPUT_INVALID", `"${permission}" is no default. There are none, read, edit.`);
  await context.records.transact(async (tx) => {
    const before = await tx.selectFrom("default_permission").select("permission").executeTakeFirst();
    const at = instantToSql(context.clock.now());
    await tx
      .insertInto("default_permission")
      .values({ id: 1, permission: known, at })
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ permission: known, at }))
      .execute();
    const from = before?.permission ?? UNCHANGED;
    await audit(tx, context, "access.default_changed", "everybody", { from, to: known });
  });
}

/** What an admin may give of: an experiment, or a registered model. */
export type GivenThing = Thing & { readonly kind: "experiment" | "model" };

/** Gives a user something to do with an experiment or a model, instead of what was given before; `none` keeps it from the user. */
export async function giveAccess(
  context: AccessContext,
  user: string,
  { kind, id }: GivenThing,
  permission: string,
): Promise<void> {
  const known = permissions.find((each) => each === permission);
  if (!known)
    throw new SlipwayError("INPUT_INVALID", `"${permission}" is no permission. There are ${permissions.join(", ")}.`);
  await context.records.transact(async (tx) => {
    await requireUser(tx, user);
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

/** Takes back what was given to a user, so that the default holds again. */
export async function takeAccess(context: AccessContext, user: string, { kind, id }: GivenThing): Promise<void> {
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
