// Signing in by an Authorization header, on whichever road a request comes. A key that was right is taken for a moment without asking the
// records again.

import { type Instant, SlipwayError } from "../../core/core.ts";
import { type Access, type Action, mayDo, type Person } from "../../platform/platform.ts";
import { credentialsIn } from "./credentials.ts";

/** How long a key that was right is taken without asking the records again, and how long none being needed is: one second. */
const REMEMBERED = 1_000_000n;

const MOST_REMEMBERED = 10_000;

/** Who signs in with a header; null while nobody has to. Throws SIGN_IN_NEEDED. */
export type SignIn = (header: string | undefined) => Promise<Person | null>;

/** Signs in by a header. A key that was taken back may work for {@link REMEMBERED} more. */
export function rememberingSignIn(access: Access, now: () => Instant): SignIn {
  const people = new Map<string, { readonly person: Person; readonly until: Instant }>();
  let openUntil: Instant | undefined;
  return async (header) => {
    const time = now();
    if (header !== undefined) {
      const known = people.get(header);
      if (known && known.until > time) return known.person;
    }
    if (openUntil !== undefined && openUntil > time) return null;
    if (!(await access.isSignInNeeded())) {
      openUntil = time + REMEMBERED;
      return null;
    }
    openUntil = undefined;
    const person = await access.signIn(credentialsIn(header));
    if (people.size >= MOST_REMEMBERED) people.clear();
    people.set(header ?? "", { person, until: time + REMEMBERED });
    return person;
  };
}

/** Refuses a person whose role allows none of what is asked. Throws FORBIDDEN. */
export function refuseUnlessMay(person: Person | null, asked: readonly Action[]): void {
  if (person !== null && !asked.some((action) => mayDo(person.role, action))) throw forbiddenTo(person, asked);
}

/** What a person is told whose role does not allow something. */
export function forbiddenTo({ name, role }: Person, asked: readonly Action[]): SlipwayError {
  return new SlipwayError(
    "FORBIDDEN",
    `${name} signs in as ${role}, which may not do this (${asked.join(" or ")}). An admin gives another role: slipway users role ${name} ROLE.`,
  );
}
