// Two files held against each other: lines for programs, a table for people, and a page to look at.

import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { type ComparedWindow, compareFiles, driftSegments, storeReference, writeNew } from "../../platform/platform.ts";
import { localQueries } from "../../presets/presets.ts";
import { driftLines } from "../drift-lines.ts";
import { type DrawnWindow, drawnColumns, driftReport } from "../report/drift-report.ts";
import { writeReport } from "../report/write-report.ts";
import type { CommandContext } from "../run-command.ts";

interface Options {
  readonly reference?: string;
  readonly current?: readonly string[];
  readonly falseAlarms: string;
  readonly minEffect: string;
  readonly time?: string;
  readonly sequence?: boolean;
  readonly failOnAlarm?: boolean;
  readonly report?: string;
  readonly save?: string;
}

const EXIT_ALARM = 3;

// Queries stream, so that more would only be kept from others; what does not fit spills.
const MEMORY = "256MB";

/** `slipway drift` */
export async function run(context: CommandContext, options: Options): Promise<void> {
  const { host, output, progress, globals, signal } = context;
  const { reference, current = [] } = options;
  if (reference === undefined || (current.length === 0 && options.save === undefined))
    throw new SlipwayError("USAGE", "Say what to hold against what: --reference FILE --current FILE.");
  if (options.save !== undefined && options.time !== undefined)
    throw new SlipwayError("USAGE", "--save keeps no history, which --time needs: leave one of them out.");
  const falseAlarms = numberOf(
    "--false-alarms",
    options.falseAlarms,
    (rate) => rate > 0 && rate < 1,
    "a rate between 0 and 1, such as 0.01",
  );
  const minEffect = numberOf(
    "--min-effect",
    options.minEffect,
    (size) => size >= 0,
    "a size of 0 or more, such as 0.1",
  );
  const path = (file: string): string => resolve(host.cwd, file);
  for (const file of [reference, ...current]) await requireFile(path(file), file);
  const temporaryFolder = await mkdtemp(join(tmpdir(), "slipway-drift-"));
  const engine = await localQueries({ temporaryFolder, memoryLimit: globals.memory ?? MEMORY });
  const stop = (): void => engine.interrupt();
  signal.addEventListener("abort", stop);
  try {
    const named = new Map(current.map((file) => [path(file), file]));
    const drawn: DrawnWindow[] = [];
    const saved = options.save === undefined ? undefined : path(options.save);
    if (saved !== undefined)
      await progress.step("Counting the reference", async () =>
        writeNew(saved, await storeReference(engine, path(reference))),
      );
    const compare = {
      // What was just counted need not be counted again.
      reference: saved ?? path(reference),
      current: current.map(path),
      falseAlarms,
      minEffect,
      ...(options.time === undefined ? {} : { time: options.time }),
      sequence: options.sequence === true,
    };
    await progress.step("Comparing", async () => {
      for await (const compared of compareFiles(engine, compare))
        drawn.push(
          await draw({ ...compared, file: named.get(compared.file) ?? compared.file }, options.report !== undefined),
        );
    });
    const isAlarm = drawn.some(({ verdict }) => verdict.alarm);
    const file = options.report === undefined ? undefined : path(options.report);
    if (file !== undefined) await writeReport(file, driftReport({ reference, falseAlarms, minEffect, windows: drawn }));
    output.showEach(
      drawn.map(({ file: current, verdict }) => ({ current, ...verdict })),
      [
        ...driftLines(drawn, falseAlarms, output.style),
        ...(saved === undefined ? [] : [`Kept: ${saved}`]),
        ...(file === undefined ? [] : ["", `Report: ${file}`]),
      ],
      isAlarm && options.failOnAlarm === true ? EXIT_ALARM : 0,
    );
  } finally {
    signal.removeEventListener("abort", stop);
    await engine.close();
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}

async function draw(compared: ComparedWindow, isWanted: boolean): Promise<DrawnWindow> {
  const { file, verdict, reference } = compared;
  const moments = new Set(reference.columns.flatMap(({ name, kind }) => (kind === "moment" ? [name] : [])));
  const shared = { file, verdict, moments, referenceRows: reference.rows };
  if (!isWanted) return { ...shared, pictures: new Map(), segments: new Map() };
  const { pictures, moved } = drawnColumns(compared);
  const segments = new Map<string, Awaited<ReturnType<typeof driftSegments>>>();
  for (const column of moved) segments.set(column.name, await driftSegments(compared, column));
  return { ...shared, pictures, segments };
}

function numberOf(option: string, text: string, isRight: (value: number) => boolean, wanted: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value) && isRight(value)) return value;
  throw new SlipwayError("USAGE", `${option} takes ${wanted}, not "${text}".`);
}

async function requireFile(path: string, named: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true)
    throw new SlipwayError("SOURCE_NOT_FOUND", `There is no file ${named}. Name a Parquet file that is there.`);
}
