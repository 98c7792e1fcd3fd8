// The work folder of a batch prediction, hidden beside what it makes: parts that are finished, and what they are parts of. A process that is
// killed leaves it behind, and the next one goes on where it stood; what is asked for appears under its name only when it is whole.

import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import type { WrittenFile } from "../../ports/ports.ts";
import { flush } from "../flush.ts";

/** A part that is finished. */
export interface BatchPart extends WrittenFile {
  readonly path: string;
}

/** A work folder. */
export interface BatchWork {
  readonly folder: string;
  /** The finished parts by their number. */
  readonly parts: ReadonlyMap<number, BatchPart>;
  /** The place of a part that is to be written. */
  file(part: number): string;
  /** Notes that a part is finished. */
  finished(part: number, written: WrittenFile): Promise<BatchPart>;
  /** Takes everything else out of the folder, the plan too: what is left is what was asked for. */
  keepOnly(names: readonly string[]): Promise<void>;
  /** Gives a file or folder made in the work folder its final name, and removes the work. */
  publish(made: string, target: string): Promise<void>;
}

const PLAN = "plan.json";
const DONE = /^part-(\d{5,})\.json$/;

/** The work folder of a target. */
export function workFolder(target: string): string {
  return join(dirname(target), `.${basename(target)}.predicting`);
}

/**
 * Opens the work on a target, made anew or as it was left; whoever calls must be the only one. `plan` says what the parts are of: parts of another
 * plan are thrown away with `restart`, and refused with SOURCE_CHANGED without.
 */
export async function openWork(
  target: string,
  plan: Readonly<Record<string, unknown>>,
  { restart }: { readonly restart: boolean },
): Promise<BatchWork> {
  const folder = workFolder(target);
  await makeFolder(folder);
  const text = JSON.stringify(plan);
  const before = await readFile(join(folder, PLAN), "utf8").catch(() => undefined);
  if (before !== undefined && before !== text && !restart)
    throw otherPlan(folder, JSON.parse(before) as Readonly<Record<string, unknown>>, plan);
  // Parts that no plan speaks of may be anything's.
  if (before !== text) {
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    await writeWhole(join(folder, PLAN), text);
  }
  const parts = await finishedParts(folder);
  return {
    folder,
    parts,
    file: (part) => join(folder, partName(part)),
    async finished(part, written) {
      const done = { path: partName(part), ...written };
      await writeWhole(join(folder, `${partName(part).replace(/\.parquet$/, "")}.json`), JSON.stringify(done));
      return done;
    },
    async keepOnly(names) {
      for (const name of await readdir(folder))
        if (!names.includes(name)) await rm(join(folder, name), { recursive: true });
      await flush(folder);
    },
    async publish(made, to) {
      await rename(made, to);
      await flush(dirname(to));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Makes the folder, and those above it. Throws USAGE where there can be none. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(dirname(folder), { recursive: true });
    // Not recursive: Node goes on for ever where a folder that is there can hold no other, as /proc.
    await mkdir(folder).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EEXIST") throw cause;
    });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "ENOTDIR" && code !== "EEXIST" && code !== "ENOENT") throw cause;
    throw new SlipwayError(
      "USAGE",
      `Nothing can be written to ${dirname(folder)}: ${message}. Name another --output.`,
      {
        cause,
      },
    );
  }
}

function partName(part: number): string {
  return `part-${String(part).padStart(5, "0")}.parquet`;
}

function otherPlan(
  folder: string,
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): SlipwayError {
  const changed = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]),
  );
  return new SlipwayError(
    "SOURCE_CHANGED",
    `A prediction that was stopped lies in ${folder}, and it was of another ${changed.join(", ")}. Ask as then to go on with it, or begin anew: --restart.`,
    { details: { folder, changed } },
  );
}

async function finishedParts(folder: string): Promise<ReadonlyMap<number, BatchPart>> {
  const parts = new Map<number, BatchPart>();
  for (const name of await readdir(folder)) {
    const [, number] = DONE.exec(name) ?? [];
    if (number === undefined) continue;
    const part = JSON.parse(await readFile(join(folder, name), "utf8")) as BatchPart;
    const size = await stat(join(folder, part.path)).then(
      (found) => found.size,
      () => -1,
    );
    // A note without its file, or with another, is worth nothing: the part is made again.
    if (size === part.bytes) parts.set(Number(number), part);
  }
  return parts;
}

/** Writes a file whole or not at all. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.tmp`;
  const handle = await open(temporary, "w");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  await flush(dirname(file));
}
