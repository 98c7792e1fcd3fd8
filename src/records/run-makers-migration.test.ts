// Runs of before they had makers: a user's are those that a client began while that user was there.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kysely, sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { testDatabase } from "./database.fixture.ts";
import { migrations } from "./migrations/migrations.ts";
import { openRecords, type Schema } from "./records.ts";

test("runs of an earlier release are of the users who began them, and else of nobody", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-run-makers-migration-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const database = await testDatabase(folder);
  const db = new Kysely<Schema>({ dialect: database.dialect() });
  await sql`create table slipway_migrations (version integer primary key, name text not null)`.execute(db);
  for (const [place, { name, statements }] of migrations.entries()) {
    if (name === "run makers") break;
    for (const statement of statements(database.kind)) await sql.raw(statement).execute(db);
    await db
      .insertInto("slipway_migrations")
      .values({ version: place + 1, name })
      .execute();
  }
  await db
    .insertInto("users")
    .values({ name: "ana", role: "editor", key_id: "k", key_hash: "h", created_at: 50, key_at: 50 })
    .execute();
  await db.insertInto("experiments").values({ id: "9", name: "e", created_at: 1 }).execute();
  const run = { experiment_id: "9", name: "r", status: "finished" } as const;
  await db
    .insertInto("runs")
    .values([
      { ...run, id: "hers", kind: "tracked", actor: "ana", started_at: 60 },
      { ...run, id: "before", kind: "tracked", actor: "ana", started_at: 40 },
      { ...run, id: "trained", kind: "train", actor: "ana", started_at: 60 },
      { ...run, id: "gone", kind: "tracked", actor: "bob", started_at: 60 },
    ])
    .execute();
  await db.destroy();

  const after = await openRecords(await testDatabase(folder));
  onTestFinished(() => after.close());
  const makers = async () =>
    Object.fromEntries(
      (await after.db.selectFrom("runs").select(["id", "made_by"]).execute()).map(({ id, made_by }) => [id, made_by]),
    );
  expect(await makers()).toEqual({ hers: "ana", before: null, trained: null, gone: null });
  await after.db.deleteFrom("users").where("name", "=", "ana").execute();
  expect((await makers())["hers"]).toBeNull();
});
