// Starts the Postgres server on which the suites of records run a second time.

import type { TestProject } from "vitest/node";
import { startPostgres } from "../src/engines/postgres/server.fixture.ts";

/** Starts it, tells the tests where it is, and gives what stops it. */
export default async function setup(project: TestProject): Promise<() => void> {
  const server = await startPostgres();
  project.provide("recordsUrl", server.url());
  return () => server.remove();
}
