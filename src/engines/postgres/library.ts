import type pg from "pg";
import { SlipwayError } from "../../core/core.ts";

/** The package pg, which only those who use Postgres need. `what` begins the message, e.g. `The records are in Postgres, which`. */
export async function postgresLibrary(what: string): Promise<typeof pg> {
  const library = await import("pg").catch(() => undefined);
  if (library) return library.default;
  throw new SlipwayError("ENGINE_NOT_INSTALLED", `${what} needs the package pg. Run: npm install pg.`, {
    details: { package: "pg" },
  });
}
