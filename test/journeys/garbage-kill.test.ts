// kill -9 of an import and of a clearing at moments nobody knows, and a clearing that never stops beside a server under load. Nothing may be
// half there, nothing named may be gone, and whatever was left over goes at the next clearing. SLIPWAY_TEST_KILLS sets how often each is killed,
// SLIPWAY_TEST_SECONDS how long the two work side by side.

import { randomBytes as bytesOfChance } from "node:crypto";
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { days, instantOf, sha256 } from "../../src/core/core.ts";
import { fileBlobs } from "../../src/engines/files/files.ts";
import { sqlite } from "../../src/engines/sqlite/sqlite.ts";
import { randomBytes, replayClock } from "../../src/engines/system/system.ts";
import { openRecords } from "../../src/records/records.ts";
import {
  clearGarbage,
  listModels,
  listVersions,
  putContent,
  type RegistryContext,
  registerImported,
  tracking,
  versionFiles,
  versionNotes,
  writeArchive,
} from "../../src/registry/registry.ts";
import { endOf, startScript } from "./child-process.fixture.ts";
import { EMPTY_CONFIG, installation, whileServing } from "./installations.fixture.ts";
import { unfinishedFiles } from "./state.fixture.ts";

const KILLS = Number(process.env["SLIPWAY_TEST_KILLS"] ?? 4);
const SECONDS = Number(process.env["SLIPWAY_TEST_SECONDS"] ?? 4);
const FILES = 20;
const ARCHIVES = 3;

const door = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);

/** Opens a registry on a folder, two days from now: whatever is unfinished there was left by the dead. */
async function opened(folder: string): Promise<RegistryContext> {
  const records = await openRecords(sqlite(join(folder, "records.db")));
  const clock = replayClock(instantOf(new Date()) + days(2));
  return { records, blobs: fileBlobs(join(folder, "blobs")), clock, random: randomBytes, actor: "tester" };
}

async function look<T>(folder: string, work: (registry: RegistryContext) => Promise<T>): Promise<T> {
  const registry = await opened(folder);
  try {
    return await work(registry);
  } finally {
    await registry.records.close();
  }
}

/** Starts a script that has a `registry` on the folder and `say(text)`; says `ready` first. */
function startRegistry(folder: string, script: string): ReturnType<typeof startScript> {
  return startScript(`
    import { sqlite } from ${door("engines/sqlite/sqlite.ts")};
    import { fileBlobs } from ${door("engines/files/files.ts")};
    import { randomBytes, systemClock } from ${door("engines/system/system.ts")};
    import { openRecords } from ${door("records/records.ts")};
    import { clearGarbage } from ${door("registry/registry.ts")};
    import { importVersion } from ${door("platform/version-archive.ts")};
    const folder = ${JSON.stringify(folder)};
    const records = await openRecords(sqlite(folder + "/records.db"));
    const registry = { records, blobs: fileBlobs(folder + "/blobs"), clock: systemClock(), random: randomBytes, actor: "child" };
    const say = (text) => new Promise((resolve) => process.stdout.write(text + "\\n", resolve));
    await say("ready");
    ${script}
    await say("done");
    setInterval(() => undefined, 1000);`);
}

/** Runs it and kills it `wait` milliseconds after it was ready; gives what it said. */
async function killed(folder: string, script: string, wait: number): Promise<readonly string[]> {
  const child = startRegistry(folder, script);
  const end = await endOf(child, (line) => {
    if (line === "ready") setTimeout(() => child.kill("SIGKILL"), wait);
  });
  if (end.signal !== "SIGKILL") throw new Error(`The child ended by itself: ${end.complaints || end.lines.join("\n")}`);
  return end.lines;
}

/** A moment for the n-th kill, anywhere in a span: the golden ratio spreads them without chance. */
const moment = (n: number, span: number): number => Math.round(((n * 0.618_034) % 1) * span);

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-garbage-kill-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every version of every model, each file held against its hash on the way; gives the hashes. */
async function wholeVersions(registry: RegistryContext): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>();
  for (const { name } of await listModels(registry))
    for (const version of await listVersions(registry, name)) {
      const files = await versionFiles(registry, version);
      expect(files).toHaveLength(FILES);
      for (const { hash } of files) {
        const content = await registry.blobs.get(`content/${hash}`);
        expect(content && sha256(content)).toBe(hash);
        hashes.add(hash);
      }
    }
  return hashes;
}

async function archives(folder: string): Promise<readonly string[]> {
  return look(join(folder, "maker"), async (registry) => {
    const made: string[] = [];
    for (let n = 0; n < ARCHIVES; n += 1) {
      const files = [];
      for (let place = 0; place < FILES; place += 1)
        files.push({
          path: place === 0 ? "model.ubj" : `f${place}`,
          ...(await putContent(registry, Readable.from([bytesOfChance(300_000)]))),
        });
      const version = await registerImported(registry, { model: `m${n}`, files, origin: { kind: "file" } });
      const { format, inputs, metrics, importance, features, profile, environment, origin } = version;
      const manifest = {
        ...{ model: `m${n}`, number: 1, createdAt: "2025-03-01T00:00:00Z", modelFormat: format, bestRound: 0 },
        ...{ artifactHash: version.artifactHash, definitionsHash: "", files, inputs, metrics, importance, features },
        ...{ ...(await versionNotes(registry, version)), profile, environment, run: null, dataset: null, origin },
      };
      const file = join(folder, `m${n}.slipway`);
      await pipeline(Readable.from(writeArchive(registry.blobs, manifest, undefined)), createWriteStream(file));
      made.push(file);
    }
    return made;
  });
}

test("an import that is killed leaves all of a version or none of it, and comes in again", {
  timeout: 60_000 + KILLS * 20_000,
}, async () => {
  const folder = temporary();
  const made = await archives(folder);
  const there = join(folder, "there");
  const imports = made
    .map(
      (file, n) =>
        `await importVersion({ registry, stateDir: folder }, { file: ${JSON.stringify(file)}, allowUnsigned: true }); await say("m${n}");`,
    )
    .join("\n");
  let inBetween = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const said = (await killed(there, imports, moment(kill, 450))).filter((line) => /^m\d/.test(line));
    await look(there, async (registry) => {
      const models = (await listModels(registry)).map(({ name }) => name);
      expect(models).toEqual(expect.arrayContaining(said));
      expect(models.length).toBeLessThanOrEqual(said.length + 1);
      if (said.length < ARCHIVES) inBetween += 1;
      const named = await wholeVersions(registry);
      await clearGarbage(registry, { olderThan: 0n });
      expect((await registry.blobs.list("")).length).toBe(named.size);
      expect(await unfinishedFiles(there)).toEqual([]);
      await wholeVersions(registry);
      // So that the next one has all to do again.
      const context = await tracking.openTracking(registry);
      for (const name of models) await tracking.deleteModelVersion(context, name, 1);
      for (const name of models) await tracking.deleteRegisteredModel(context, name);
      await clearGarbage(registry, { olderThan: 0n });
      expect(await registry.blobs.list("")).toEqual([]);
    });
  }
  console.log(`${KILLS} imports killed, ${inBetween} of them on the way`);
  expect(inBetween).toBeGreaterThan(0);
});

test("a clearing that is killed takes nothing that is named, and the next one takes the rest", {
  timeout: 60_000 + KILLS * 20_000,
}, async () => {
  const folder = temporary();
  let inBetween = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = await look(folder, async (registry) => {
      const files = [];
      for (let place = 0; place < FILES; place += 1)
        files.push({ path: `f${place}`, ...(await putContent(registry, Readable.from([bytesOfChance(2000)]))) });
      await registerImported(registry, { model: `kept${kill}`, files, origin: { kind: "file" } });
      // Written without waiting for the disk: they need not last.
      for (let loose = 0; loose < 400; loose += 1)
        writeFileSync(join(folder, "blobs", "content", sha256(`${kill} ${loose}`)), "nobody's");
      return (await registry.blobs.list("")).length;
    });
    await killed(folder, "await clearGarbage(registry, { olderThan: 0n });", moment(kill, 400));
    await look(folder, async (registry) => {
      const left = (await registry.blobs.list("")).length;
      if (left < before && left > (kill + 1) * FILES) inBetween += 1;
      expect((await wholeVersions(registry)).size).toBe((kill + 1) * FILES);
      await clearGarbage(registry, { olderThan: 0n });
      expect((await registry.blobs.list("")).length).toBe((kill + 1) * FILES);
    });
  }
  console.log(`${KILLS} clearings killed, ${inBetween} of them when part was gone`);
});

describe("a clearing beside a server", { timeout: 120_000 + SECONDS * 4000 }, () => {
  test("takes nothing that the server was told to keep: files, parts, versions and deletions at once", async () => {
    const there = installation(temporary(), EMPTY_CONFIG);
    const kept = new Map<string, string>();
    let [writes, rounds, freed, refusals] = [0, 0, 0, 0];
    await whileServing(there, [], async (_ask, url) => {
      const [end, latest] = [SECONDS, SECONDS + 60].map((seconds) => performance.now() + seconds * 1e3) as [
        number,
        number,
      ];
      // On a busy machine a clearing takes long: the two go on side by side until one has met something to clear.
      const isOver = (): boolean => performance.now() > latest || (performance.now() > end && rounds > 1 && freed > 0);
      const api = `${url}/api/2.0`;
      const send = async (method: string, to: string, body?: unknown): Promise<Response> => {
        const isText = typeof body === "string";
        const headers = { "content-type": isText ? "application/octet-stream" : "application/json" };
        return fetch(to, {
          method,
          ...(body === undefined ? {} : { headers, body: isText ? body : JSON.stringify(body) }),
        });
      };
      const must = async (method: string, path: string, body?: unknown): Promise<ReturnType<typeof JSON.parse>> => {
        const answer = await send(method, `${api}/${path}`, body);
        const text = await answer.text();
        if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
        writes += 1;
        return text === "" ? {} : JSON.parse(text);
      };
      const client = async (who: number): Promise<void> => {
        const model = `model-${who}`;
        await must("POST", "mlflow/registered-models/create", { name: model });
        for (let n = 0; !isOver(); n += 1) {
          const { run } = await must("POST", "mlflow/runs/create", { experiment_id: "0", start_time: n });
          const root = `0/${run.info.run_id}/artifacts`;
          const put = async (path: string, text: string): Promise<void> => {
            await must("PUT", `mlflow-artifacts/artifacts/${root}/${path}`, text);
            kept.set(`${root}/${path}`, text);
          };
          // All clients write the same few contents again and again, so that what one lets go another is just storing.
          await put("m/model.ubj", `shared ${n % 5}`);
          await put("m/own", `${who} ${n}`);
          await put("gone", `shared ${(n + 2) % 5}`);
          const { model_version } = await must("POST", "mlflow/model-versions/create", {
            name: model,
            source: `runs:/${run.info.run_id}/m`,
            run_id: run.info.run_id,
          });
          const big = { path: "/x/big.bin", num_parts: 2 };
          const { upload_id, credentials } = await must("POST", `mlflow-artifacts/mpu/create/${root}/big`, big);
          const parts = [];
          for (const { url: to, part_number } of credentials) {
            const answer = await send("PUT", to, `shared ${(n + part_number) % 5}`);
            if (answer.status === 200) parts.push({ part_number, etag: answer.headers.get("etag") ?? "", url: "" });
            await answer.body?.cancel();
          }
          // Nothing is spared for its age here, so that an upload may lose its parts; then it is refused, not half there.
          // A client whose part was not taken does not go on without it.
          const isWhole = parts.length === credentials.length;
          const done = isWhole
            ? await send("POST", `${api}/mlflow-artifacts/mpu/complete/${root}/big`, { ...big, upload_id, parts })
            : undefined;
          await done?.body?.cancel();
          if (done?.status === 200) kept.set(`${root}/big/big.bin`, `shared ${(n + 1) % 5}shared ${(n + 2) % 5}`);
          else refusals += 1;
          await must("DELETE", `mlflow-artifacts/artifacts/${root}/gone`);
          kept.delete(`${root}/gone`);
          if (n % 3 === 0)
            await must("DELETE", "mlflow/model-versions/delete", { name: model, version: model_version.version });
          if (n % 4 === 1) {
            await must("POST", "mlflow/runs/delete", { run_id: run.info.run_id });
            // One that a version comes from keeps what it has; one that none does may lose it.
            if (n % 3 === 0) for (const path of [...kept.keys()]) if (path.startsWith(root)) kept.delete(path);
          }
        }
      };
      const clear = async (): Promise<void> => {
        while (!isOver()) {
          const { freed: gone } = await there.told("gc", "--older-than", "0s");
          rounds += 1;
          freed += gone.contents.files;
        }
      };
      await Promise.all([clear(), ...[1, 2, 3, 4].map(client)]);
      for (const [path, text] of kept) {
        const answer = await fetch(`${api}/mlflow-artifacts/artifacts/${path}`);
        expect({ path, status: answer.status, text: await answer.text() }).toEqual({ path, status: 200, text });
      }
      const { model_versions } = await must("GET", "mlflow/model-versions/search?max_results=10000");
      expect(model_versions.length).toBeGreaterThan(0);
    });
    console.log(
      `${writes} writes beside ${rounds} clearings that took ${freed} contents: ${kept.size} files, 0 lost; ${refusals} uploads in parts refused`,
    );
    expect(rounds).toBeGreaterThan(0);
    expect(freed).toBeGreaterThan(0);
    // And again without the server: every version is whole.
    await there.told("gc", "--older-than", "0s");
    const { models } = await there.told("models", "list");
    for (const { name } of models)
      for (const { number } of (await there.told("models", "show", name)).versions.slice(0, 5))
        await there.told(
          "models",
          "export",
          `${name}@${number}`,
          "--unsigned",
          "--out",
          join(there.folder, `${name}-${number}.slipway`),
        );
  });
});
