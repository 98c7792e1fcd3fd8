import type { RegistryContext } from "./context.ts";

/** The number of the version that an alias points to, on a connection or inside a transaction; undefined when there is none. */
export async function aliasIn(
  db: RegistryContext["records"]["db"],
  model: string,
  alias: string,
): Promise<number | undefined> {
  const row = await db
    .selectFrom("aliases")
    .select("version")
    .where("model", "=", model)
    .where("alias", "=", alias)
    .executeTakeFirst();
  return row?.version;
}
