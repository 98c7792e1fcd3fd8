// Who may do what on a platform's server: what every request is asked.

import {
  type Credentials,
  experimentNamed,
  experimentOf,
  isSignInNeeded,
  type Permission,
  type Person,
  permissionOn,
  signIn,
  type Thing,
} from "../access/access.ts";
import { protectedAliases } from "../registry/registry.ts";
import type { Platform } from "./open.ts";

/** What a server asks before it answers. */
export interface Access {
  isSignInNeeded(): Promise<boolean>;
  /** SIGN_IN_NEEDED for credentials that are not right. */
  signIn(credentials: Credentials | undefined): Promise<Person>;
  permissionOn(person: Person, thing: Thing): Promise<Permission | undefined>;
  /** The experiment that a run or logged model belongs to. */
  experimentOf(thing: Thing): Promise<string | undefined>;
  /** The id of the experiment of a name. */
  experimentNamed(name: string): Promise<string | undefined>;
  /** Whether moving an alias changes what servers answer with, or needs gates: then it takes the right to approve. */
  isProtected(model: string, alias: string): Promise<boolean>;
}

/** The access of an open platform. */
export function accessOf({ registry }: Platform): Access {
  return {
    isSignInNeeded: () => isSignInNeeded(registry),
    signIn: (credentials) => signIn(registry, credentials),
    permissionOn: (person, thing) => permissionOn(registry, person, thing),
    experimentOf: (thing) => experimentOf(registry, thing),
    experimentNamed: (name) => experimentNamed(registry, name),
    isProtected: async (model, alias) => (await protectedAliases(registry, model)).includes(alias),
  };
}
