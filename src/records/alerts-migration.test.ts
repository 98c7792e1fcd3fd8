// Records of before there were incidents: what was open stays open, what somebody had dealt with is resolved, and nothing is lost.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kysely, sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { testDatabase } from "./database.fixture.ts";
import { migrations } from "./migrations/migrations.ts";
import { openRecords, type Schema } from "./records.ts";

test("alerts of an earlier release become alerts of incidents of their own", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-alerts-migration-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const database = await testDatabase(folder);
  const db = new Kysely<Schema>({ dialect: database.dialect() });
  await sql`create table slipway_migrations (version integer primary key, name text not null)`.execute(db);
  for (const [place, { name, statements }] of migrations.entries()) {
    if (name === "alerts") break;
    for (const statement of statements(database.kind)) await sql.raw(statement).execute(db);
    await db
      .insertInto("slipway_migrations")
      .values({ version: place + 1, name })
      .execute();
  }
  for (const [id, severity, status, handled] of [
    ["a", "warning", "open", null],
    ["b", "critical", "acknowledged", "decision 7"],
    ["c", "odd", "open", null],
  ])
    await sql`insert into alerts values (${id}, 'health', 'delay', 1, 50, 10, 50, 'drift', ${severity}, '{"psi":0.3}', ${status}, ${handled})`.execute(
      db,
    );
  await db.destroy();

  const after = await openRecords(await testDatabase(folder));
  onTestFinished(() => after.close());
  expect(await after.db.selectFrom("alerts").selectAll().orderBy("id").execute()).toMatchObject([
    { id: "a", incident_id: "a", status: "open", severity: "warning", subject: "", evidence: '{"psi":0.3}', at: 50 },
    { id: "b", incident_id: "b", status: "resolved", severity: "critical", handled_by: "decision 7", status_at: 50 },
    { id: "c", incident_id: "c", status: "open", severity: "warning" },
  ]);
  expect(await after.db.selectFrom("incidents").select(["id", "resolved_at"]).orderBy("id").execute()).toEqual([
    { id: "a", resolved_at: null },
    { id: "b", resolved_at: 50 },
    { id: "c", resolved_at: null },
  ]);
  expect(await after.db.selectFrom("alert_changes").select("change").execute()).toEqual(
    ["a", "b", "c"].map(() => ({ change: "opened" })),
  );
});
