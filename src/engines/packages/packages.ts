// The door of the packages engine: what a project's lockfile and package.json say, read as text, whichever of npm, pnpm, Yarn and Bun wrote
// them. Nothing is installed, asked of a registry, or run.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PackageSet } from "../../ports/workspace.ts";
import { lockReaders } from "./lockfiles.ts";

/** The packages of the project that a folder belongs to: those of the nearest package.json, upwards, and of the nearest lockfile from there. */
export async function projectPackages(folder: string): Promise<PackageSet> {
  const home = await upwards(folder, "package.json");
  if (!home)
    return {
      lock: null,
      direct: {},
      resolved: [],
      problem: `there is no package.json in ${folder} or above it`,
    };
  const lock = await nearestLock(dirname(home.file));
  const [direct, manifestProblem] = await directOf(home);
  if (!lock) return { lock: null, direct, resolved: [], problem: manifestProblem ?? "there is no lockfile" };
  const hash = createHash("sha256").update(lock.text).digest("hex");
  try {
    const resolved = [...new Set(lock.read(lock.text.toString("utf8")))].sort();
    return { lock: { file: lock.name, hash }, direct, resolved, problem: manifestProblem };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { lock: { file: lock.name, hash }, direct, resolved: [], problem: `${lock.name} cannot be read: ${reason}` };
  }
}

interface Found {
  readonly file: string;
  readonly text: Buffer;
}

async function upwards(folder: string, name: string): Promise<Found | undefined> {
  const file = join(folder, name);
  const text = await readFile(file).catch(() => undefined);
  if (text) return { file, text };
  const parent = dirname(folder);
  return parent === folder ? undefined : upwards(parent, name);
}

async function nearestLock(
  folder: string,
): Promise<(Found & { readonly name: string; read(text: string): readonly string[] }) | undefined> {
  for (const { name, read } of lockReaders) {
    const file = join(folder, name);
    const text = await readFile(file).catch(() => undefined);
    if (text) return { file, name, text, read };
  }
  const parent = dirname(folder);
  return parent === folder ? undefined : nearestLock(parent);
}

async function directOf({ file, text }: Found): Promise<readonly [Record<string, string>, string | null]> {
  let names: readonly string[];
  try {
    const manifest = JSON.parse(text.toString("utf8")) as Readonly<Record<string, unknown>>;
    const kinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
    names = [...new Set(kinds.flatMap((kind) => Object.keys((manifest[kind] ?? {}) as object)))].sort();
  } catch (thrown) {
    return [{}, `${file} cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`];
  }
  const versions = await Promise.all(
    names.map(async (name) => {
      const installed = await upwards(dirname(file), join("node_modules", name, "package.json"));
      try {
        const { version } = JSON.parse(installed?.text.toString("utf8") ?? "{}") as { version?: unknown };
        return [name, typeof version === "string" ? version : "?"] as const;
      } catch {
        return [name, "?"] as const;
      }
    }),
  );
  return [Object.fromEntries(versions), null];
}
