// Users: people and programs, each with one key and one role. A key is shown once, when it is made, and can only be replaced.

import { type Instant, type Role, roles, SlipwayError } from "../core/core.ts";
import { instantFromSql, instantToSql, type RecordsTransaction, toJson } from "../records/records.ts";
import type { AccessContext } from "./context.ts";
import { newKey } from "./keys.ts";

/** A person or a program that may sign in. */
export interface User {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Instant;
  /** When the present key was made. */
  readonly keyAt: Instant;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/;

/** Adds a user and gives the key, which is not kept. Throws ALREADY_EXISTS, or INPUT_INVALID for a name or role that is none. */
export async function addUser(context: AccessContext, name: string, role: string): Promise<{ readonly key: string }> {
  if (!NAME.test(name))
    throw new SlipwayError(
      "INPUT_INVALID",
      `${JSON.stringify(name)} is no name for a user: use up to 100 letters, digits, ".", "_", "@" and "-".`,
    );
  const checked = checkedRole(role);
  const { key, id, hash } = newKey(context.random);
  const at = instantToSql(context.clock.now());
  await context.records.transact(async (tx) => {
    const taken = await tx.selectFrom("users").select("name").where("name", "=", name).executeTakeFirst();
    if (taken)
      throw new SlipwayError(
        "ALREADY_EXISTS",
        `There is a user "${name}" already. A new key: slipway users key ${name}.`,
      );
    const first = await tx.selectFrom("users").select("name").executeTakeFirst();
    if (!first && checked !== "admin")
      throw new SlipwayError(
        "INPUT_INVALID",
        `The first user must be an admin, or nobody could add another: slipway users add ${name} --role admin.`,
      );
    await tx
      .insertInto("users")
      .values({ name, role: checked, key_id: id, key_hash: hash, created_at: at, key_at: at })
      .execute();
    await audit(tx, context, "user.added", name, { role: checked });
  });
  return { key };
}

/** Every user, by name. */
export async function listUsers({ records }: AccessContext): Promise<readonly User[]> {
  const rows = await records.db.selectFrom("users").selectAll().orderBy("name").execute();
  return rows.map(({ name, role, created_at, key_at }) => ({
    name,
    role: role as Role,
    createdAt: instantFromSql(created_at),
    keyAt: instantFromSql(key_at),
  }));
}

/** Gives a user a new key; the one before stops to work. USER_NOT_FOUND. */
export async function newKeyFor(context: AccessContext, name: string): Promise<{ readonly key: string }> {
  const { key, id, hash } = newKey(context.random);
  await context.records.transact(async (tx) => {
    await requireUser(tx, name);
    await tx
      .updateTable("users")
      .set({ key_id: id, key_hash: hash, key_at: instantToSql(context.clock.now()) })
      .where("name", "=", name)
      .execute();
    await audit(tx, context, "user.key_changed", name, {});
  });
  return { key };
}

/** Gives a user another role. Throws USER_NOT_FOUND, or INPUT_INVALID when no admin would be left. */
export async function setRole(context: AccessContext, name: string, role: string): Promise<void> {
  const checked = checkedRole(role);
  await context.records.transact(async (tx) => {
    const before = await requireUser(tx, name);
    if (before === checked) return;
    if (before === "admin") await requireOtherAdmin(tx, name);
    await tx.updateTable("users").set({ role: checked }).where("name", "=", name).execute();
    await audit(tx, context, "user.role_changed", name, { from: before, to: checked });
  });
}

/** Removes a user with what was given to it; what it made and approved stays, and is the admins' from then on. The last user takes sign-in away. */
export async function removeUser(context: AccessContext, name: string): Promise<void> {
  await context.records.transact(async (tx) => {
    const role = await requireUser(tx, name);
    const others = await tx.selectFrom("users").select("name").where("name", "!=", name).executeTakeFirst();
    if (role === "admin" && others) await requireOtherAdmin(tx, name);
    await tx.deleteFrom("grants").where("user_name", "=", name).execute();
    await tx.deleteFrom("users").where("name", "=", name).execute();
    await audit(tx, context, "user.removed", name, { role });
  });
}

/** The role of a user; USER_NOT_FOUND. */
export async function requireUser(tx: RecordsTransaction, name: string): Promise<Role> {
  const row = await tx.selectFrom("users").select("role").where("name", "=", name).executeTakeFirst();
  if (row) return row.role as Role;
  throw new SlipwayError("USER_NOT_FOUND", `There is no user "${name}". See: slipway users list.`);
}

async function requireOtherAdmin(tx: RecordsTransaction, name: string): Promise<void> {
  const other = await tx
    .selectFrom("users")
    .select("name")
    .where("role", "=", "admin")
    .where("name", "!=", name)
    .executeTakeFirst();
  if (!other)
    throw new SlipwayError(
      "INPUT_INVALID",
      `"${name}" is the only admin; make another one first: slipway users role NAME admin.`,
    );
}

function checkedRole(role: string): Role {
  const known = roles.find((each) => each === role);
  if (known) return known;
  throw new SlipwayError("INPUT_INVALID", `There is no role "${role}". The roles are ${roles.join(", ")}.`);
}

/** Writes down who changed what about a user, inside the transaction that does it. */
export async function audit(
  tx: RecordsTransaction,
  context: AccessContext,
  action: string,
  subject: string,
  details: unknown,
): Promise<void> {
  const at = instantToSql(context.clock.now());
  await tx
    .insertInto("audit")
    .values({ at, actor: context.actor, action, subject, details: toJson(details) })
    .execute();
}
