// Routes by which clients say what another user may do with an experiment or a registered model. Whoever manages one may say it, and admins.

import { z } from "zod";
import { SlipwayError } from "../../core/core.ts";
import {
  giveAccess,
  listUsers,
  type Permission,
  type Person,
  permissionOn,
  type Thing,
  takeAccess,
  type tracking,
} from "../../platform/platform.ts";
import { field, read } from "./fields.ts";
import type { Handler, Route } from "./routes.ts";

const asked = z.object({ username: field.name, resource_type: field.name, resource_id: field.name });

const KINDS = { experiment: "experiment", registered_model: "model" } as const;

/** The thing that a request is about. Throws INPUT_INVALID for what is given to nobody. */
export function resourceOf(given: unknown): Thing & { readonly kind: "experiment" | "model" } {
  const { resource_type: type, resource_id: id } = read(asked.omit({ username: true }), given);
  if (Object.hasOwn(KINDS, type)) return { kind: KINDS[type as keyof typeof KINDS], id };
  throw new SlipwayError(
    "INPUT_INVALID",
    `Invalid resource_type '${type.slice(0, 100)}'. It is one of ${Object.keys(KINDS).join(", ")}.`,
  );
}

/** Clients' words, from the least to the most. `USE` is more than looking only for what is served, and that goes by role here. */
const WORDS: Readonly<Record<string, Permission>> = {
  NO_PERMISSIONS: "none",
  READ: "read",
  USE: "read",
  EDIT: "edit",
  MANAGE: "manage",
};

const grant: Handler = async (context, { body }) => {
  const { username, permission } = read(asked.extend({ permission: field.name }), body);
  const known = Object.hasOwn(WORDS, permission) ? WORDS[permission] : undefined;
  if (known === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Invalid permission '${permission.slice(0, 100)}'. Valid permissions are: ${Object.keys(WORDS).join(", ")}`,
    );
  await giveAccess(context, username, resourceOf(body), known);
};

const revoke: Handler = async (context, { body }) => takeAccess(context, read(asked, body).username, resourceOf(body));

const get: Handler = async (context, { body, request }) => {
  const { username } = read(asked, body);
  const thing = resourceOf(body);
  const user = await userNamed(context, username);
  const { person } = request;
  const isOwn = person === null || person.role === "admin" || person.name === username;
  if (!isOwn && (await permissionOn(context, person, thing)) !== "manage")
    throw new SlipwayError(
      "FORBIDDEN",
      `What ${username} may do is told to ${username}, and to who manages the thing.`,
    );
  // What is not there is nobody's.
  const held = (await permissionOn(context, user, thing)) ?? "none";
  const permission = Object.entries(WORDS).find(([, word]) => word === held)?.[0];
  return { allowed: held === "edit" || held === "manage", permission };
};

async function userNamed(context: tracking.TrackingContext, name: string): Promise<Person> {
  const user = (await listUsers(context)).find((each) => each.name === name);
  if (user) return user;
  throw new SlipwayError("USER_NOT_FOUND", `User with username=${name.slice(0, 100)} not found`);
}

/** Routes about permissions. */
export const permissionRoutes: readonly Route[] = [
  ["POST", "/mlflow/users/permissions/grant", grant],
  ["POST", "/mlflow/users/permissions/revoke", revoke],
  ["GET", "/mlflow/users/permissions/get", get],
];
