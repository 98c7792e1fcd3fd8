import type { Person } from "../../platform/platform.ts";

/** The user to whom lists show only what that user may see; undefined for whom they show everything. */
export function onlookerOf(person: Person | null): string | undefined {
  return person === null || person.role === "admin" ? undefined : person.name;
}
