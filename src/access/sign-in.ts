// Who asks. A key is looked up by its id and held against its hash; there are no sessions and nothing to forge.

import { type Role, SlipwayError } from "../core/core.ts";
import type { AccessContext } from "./context.ts";
import { isKey, keyId } from "./keys.ts";

/** Who has signed in. */
export interface Person {
  readonly name: string;
  readonly role: Role;
}

/** What a request shows: a key, and with HTTP Basic the name that goes with it. */
export interface Credentials {
  readonly key: string;
  readonly name?: string;
}

/** Whether anyone has to sign in: as soon as there is a user. */
export async function isSignInNeeded({ records }: Pick<AccessContext, "records">): Promise<boolean> {
  return (await records.db.selectFrom("users").select("name").limit(1).executeTakeFirst()) !== undefined;
}

/** Who the credentials belong to. Throws SIGN_IN_NEEDED, in the same words whatever is wrong with them. */
export async function signIn(
  { records }: Pick<AccessContext, "records">,
  credentials: Credentials | undefined,
): Promise<Person> {
  const id = credentials === undefined ? undefined : keyId(credentials.key);
  if (credentials !== undefined && id !== undefined) {
    const user = await records.db
      .selectFrom("users")
      .select(["name", "role", "key_hash"])
      .where("key_id", "=", id)
      .executeTakeFirst();
    const { key, name } = credentials;
    if (user && isKey(key, user.key_hash) && (name === undefined || name === "" || name === user.name))
      return { name: user.name, role: user.role as Role };
  }
  throw new SlipwayError(
    "SIGN_IN_NEEDED",
    credentials === undefined
      ? "Sign in: send the key that slipway users add gave, as Authorization: Bearer KEY."
      : "This key is not known here. An admin gives a new one: slipway users key NAME.",
  );
}
