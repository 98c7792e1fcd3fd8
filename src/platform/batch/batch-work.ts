// The work folder of a batch prediction, hidden beside what it makes: parts that are finished, and what they are parts of. A process that is
// killed leaves it behind, and the next one goes on where it stood; what is asked for appears under its name only when it is whole.

import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import type { WrittenFile } from "../../ports/ports.ts";

/** A part that is finished. */
export interface BatchPart extends WrittenFile {
  readonly path: string;
}

/** A work folder that this process has to itself. */
export interface BatchWork {
  readonly folder: string;
  /** The finished parts by their number. */
  readonly parts: ReadonlyMap<number, BatchPart>;
  /** The place of a part that is to be written. */
  file(part: number): string;
  /** Notes that a part is finished. */
  finished(part: number, written: WrittenFile): Promise<BatchPart>;
  /** Takes out of the folder what is no part of what was made. */
  tidy(): Promise<void>;
  /** Gives a file or folder made in the work folder its final name, and removes the work. */
  publish(made: string, target: string): Promise<void>;
  /** Lets others at it; the parts stay. */
  release(): Promise<void>;
}

/** A mark of this process, and whether the process of a mark still runs. */
interface ProcessMarks {
  readonly mark: string;
  readonly isAlive: (mark: string) => boolean;
}

const PLAN = "plan.json";
const OWNER = "owner";
const DONE = /^part-(\d{5,})\.json$/;

/** The work folder of a target. */
export function workFolder(target: string): string {
  return join(dirname(target), `.${basename(target)}.predicting`);
}

/**
 * Opens the work on a target, made anew or as it was left. `plan` says what the parts are of: parts of another plan are thrown
 * away with `restart`, and refused with SOURCE_CHANGED without. Throws STATE_LOCKED while another process works on it.
 */
export async function openWork(
  target: string,
  plan: Readonly<Record<string, unknown>>,
  { process, restart }: { readonly process: ProcessMarks; readonly restart: boolean },
): Promise<BatchWork> {
  const folder = workFolder(target);
  await mkdir(folder, { recursive: true });
  await takeOver(folder, process);
  const release = async (): Promise<void> => {
    own.delete(folder);
    await rm(join(folder, OWNER), { force: true });
  };
  const text = JSON.stringify(plan);
  const before = await readFile(join(folder, PLAN), "utf8").catch(() => undefined);
  if (before !== undefined && before !== text) {
    if (!restart) {
      await release();
      throw otherPlan(folder, JSON.parse(before) as Readonly<Record<string, unknown>>, plan);
    }
  }
  if (restart)
    for (const name of await readdir(folder)) if (name !== OWNER) await rm(join(folder, name), { recursive: true });
  if (before === undefined || restart) await writeWhole(join(folder, PLAN), text);
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
    async tidy() {
      for (const name of await readdir(folder))
        if (name === PLAN || name === OWNER || DONE.test(name) || name.endsWith(".tmp")) await rm(join(folder, name));
      await flush(folder);
    },
    async publish(made, to) {
      await rename(made, to);
      await flush(dirname(to));
      await rm(folder, { recursive: true, force: true });
    },
    release,
  };
}

function partName(part: number): string {
  return `part-${String(part).padStart(5, "0")}.parquet`;
}

/** The folders that this process works in: its mark alone cannot tell it from one before it that had the same. */
const own = new Set<string>();

async function takeOver(folder: string, { mark, isAlive }: ProcessMarks): Promise<void> {
  const file = join(folder, OWNER);
  const owner = await readFile(file, "utf8").catch(() => undefined);
  if (own.has(folder) || (owner !== undefined && owner !== mark && isAlive(owner)))
    throw new SlipwayError(
      "STATE_LOCKED",
      `Another process works on this prediction (${folder}). Wait until it has ended, or write elsewhere.`,
    );
  await rm(file, { force: true });
  try {
    // Exclusive: of two that start at once, one is told.
    const handle = await open(file, "wx");
    await handle.writeFile(mark);
    await handle.close();
    own.add(folder);
  } catch (cause) {
    throw new SlipwayError("STATE_LOCKED", `Another process has just begun this prediction (${folder}).`, { cause });
  }
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

async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
