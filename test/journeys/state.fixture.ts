// What a project's state looks like from the outside, to be compared before and after something that must not change it.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describeViews, listAliases, listModels, type Platform } from "../../src/platform/platform.ts";

const TABLES = [
  "alerts",
  "aliases",
  "audit",
  "datasets",
  "decisions",
  "definitions_applied",
  "materializations",
  "metrics",
  "models",
  "monitor_runs",
  "params",
  "runs",
  "versions",
] as const;

/** Row counts of the records, where every alias points, how far every view is online, and what unfinished files lie about. */
export async function stateOf(platform: Platform): Promise<unknown> {
  const { registry } = platform;
  const rows: Record<string, number> = {};
  for (const table of TABLES) {
    const found = await registry.records.db
      .selectFrom(table)
      .select((each) => each.fn.countAll<number>().as("count"))
      .executeTakeFirst();
    rows[table] = Number(found?.count);
  }
  const aliases = [];
  for (const { name } of await listModels(registry)) aliases.push({ name, aliases: await listAliases(registry, name) });
  const online = (await describeViews(platform)).map(({ view, through }) => [view.name, through]);
  return { rows, aliases, online, unfinished: await unfinishedFiles(platform.stateDir) };
}

/** Files that only a write under way may have. */
export async function unfinishedFiles(stateDir: string): Promise<readonly string[]> {
  const found = await readdir(stateDir, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(stateDir.length + 1))
    .filter((path) => path.startsWith("tmp/") || path.includes(".unfinished/"));
}
