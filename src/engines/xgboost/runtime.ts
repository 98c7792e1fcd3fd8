// A Runtime in this process: one booster per predictor, one reused proxy, one thread unless told otherwise. A native call blocks,
// so long matrices are scored in slices of a few milliseconds, one in each turn of the event loop, and other work gets its turn between them.

import { setImmediate } from "node:timers/promises";
import { requireMatrix, SlipwayError } from "../../core/core.ts";
import type { InteractingPredictor } from "../../ports/contributions.ts";
import type { ExplicitRuntime, FormulaLink } from "../../ports/formula.ts";
import type { LegibleRuntime, Predictor } from "../../ports/runtime.ts";
import { FORMAT, type JSON_FORMAT } from "./artifact.ts";
import { type MarginInput, takeMargins } from "./base-margin.ts";
import { openXgboost, type Xgboost } from "./binding.ts";
import { contributionsOf, interactionsOf } from "./contributions.ts";
import { formulaOf, linkOf } from "./formula.ts";
import { type LibraryOptions, libraryFinder } from "./library.ts";
import { loadBeside, loadHere } from "./loading.ts";
import type { Handle } from "./native.ts";
import { placeIn } from "./place.ts";

/** How long a slice should take, in milliseconds. */
const SLICE_MS = 4;
/** Rows of the first slice, before it is known how long rows take. */
const FIRST_ROWS = 1024;

/** Slices of all predictors, one after the other: each in a turn of its own. */
let lastSlice: Promise<unknown> = Promise.resolve();

async function inTurn<T>(work: () => T): Promise<T> {
  const mine = lastSlice.then(async () => {
    await setImmediate();
    return work();
  });
  lastSlice = mine.catch(() => undefined);
  return mine;
}

/** Scores XGBoost models in this process: those in UBJSON unless told otherwise. */
export function xgboostRuntime(
  options: LibraryOptions,
  { format = FORMAT }: { readonly format?: typeof FORMAT | typeof JSON_FORMAT } = {},
): LegibleRuntime & ExplicitRuntime {
  const findLibrary = libraryFinder(options);
  return {
    format,
    placeOf: placeIn,
    formulaOf,
    load: async (artifact, { rounds, threads = 1, beside = false } = {}) => {
      if (!Number.isSafeInteger(threads) || threads < 1)
        throw new SlipwayError("INPUT_INVALID", `threads is ${threads}; give a whole number of at least 1.`);
      const path = await findLibrary();
      // Open here first: a library that only the thread beside had open would go with it, and the booster's code with the library.
      const library = openXgboost(path);
      const task = { library: path, artifact, threads };
      const { facts, booster } = beside ? await loadBeside(task) : loadHere(task);
      const { inputNames, objective, bestRounds, marginPlace } = facts;
      const all = library.rounds(booster);
      if (typeof rounds === "number" && !(Number.isSafeInteger(rounds) && rounds >= 1 && rounds <= all)) {
        library.freeBooster(booster);
        throw new SlipwayError("INPUT_INVALID", `rounds is ${rounds}, and the model has ${all}: give 1 to ${all}.`);
      }
      const used = rounds === "best" ? Math.min(bestRounds ?? 0, all) : (rounds ?? 0);
      const margin =
        marginPlace === undefined ? undefined : { place: marginPlace, name: inputNames[marginPlace] ?? "" };
      return {
        ...predictorOf(library, booster, used, margin, linkOf(objective)),
        inputNames,
        ...(objective === undefined ? {} : { objective }),
      };
    },
  };
}

function predictorOf(
  library: Xgboost,
  booster: Handle,
  rounds: number,
  margin: MarginInput | undefined,
  link: FormulaLink | undefined,
): Predictor | InteractingPredictor {
  const inputCount = library.featureCount(booster);
  const proxy = library.createProxy();
  let sliceRows = FIRST_ROWS;
  let underWay = 0;
  let closed = false;
  const free = (): void => {
    library.freeMatrix(proxy);
    library.freeBooster(booster);
  };
  const score = (given: Float32Array, rows: number): Float32Array => {
    const taken = margin && takeMargins(given, inputCount, margin.place, margin.name);
    const matrix = taken?.matrix ?? given;
    try {
      if (taken) {
        // A reused proxy still has as many rows as last time, until it is pointed at these.
        library.setDense(proxy, matrix, rows, inputCount);
        library.setInfo(proxy, "base_margin", taken.margins);
      }
      return library.predict(booster, proxy, matrix, rows, inputCount, rounds);
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : cause;
      throw new SlipwayError("INTERNAL", `XGBoost ${library.version} could not score ${rows} rows: ${said}`, { cause });
    }
  };
  const scoreSlices = async (matrix: Float32Array, rows: number): Promise<Float32Array> => {
    let scores = new Float32Array(0);
    for (let start = 0; start < rows; ) {
      const end = Math.min(rows, start + sliceRows);
      const part = await inTurn(() => {
        const begun = performance.now();
        const scored = score(matrix.subarray(start * inputCount, end * inputCount), end - start);
        const fitting = Math.floor((SLICE_MS / (performance.now() - begun)) * (end - start));
        sliceRows = Math.max(1, Math.min(2 * sliceRows, fitting));
        return scored;
      });
      if (start === 0) scores = new Float32Array((part.length / (end - start)) * rows);
      scores.set(part, start * (part.length / (end - start)));
      start = end;
    }
    return scores;
  };
  const open = (matrix: Float32Array, count: number): void => {
    if (closed) throw new SlipwayError("INTERNAL", "This predictor is closed; load the model again.");
    requireMatrix(matrix, count, inputCount);
  };
  const holdOpen = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    underWay += 1;
    try {
      return await work();
    } finally {
      underWay -= 1;
      if (closed && underWay === 0) free();
    }
  };
  const explained = { library, booster, inputCount, rounds, margin };
  return {
    inputCount,
    predict: async (matrix, count) => {
      open(matrix, count);
      if (count === 0) return new Float32Array(0);
      return count <= sliceRows ? score(matrix, count) : holdOpen(() => scoreSlices(matrix, count));
    },
    ...(link === undefined
      ? {}
      : {
          link,
          contributions: async (matrix: Float32Array, count: number) => {
            open(matrix, count);
            return holdOpen(() => contributionsOf(explained, matrix, count));
          },
          interactions: async (matrix: Float32Array, count: number) => {
            open(matrix, count);
            return holdOpen(() => interactionsOf(explained, matrix, count));
          },
        }),
    close: () => {
      if (closed) return;
      closed = true;
      if (underWay === 0) free();
    },
  };
}
