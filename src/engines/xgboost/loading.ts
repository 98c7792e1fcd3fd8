// From a model's bytes to a booster: looked through, then given to the library. Both take their time and hold up their thread, so a server that
// answers has it done in a thread beside; a booster made there is as good here, for it belongs to the process.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { type ErrorCode, SlipwayError } from "../../core/core.ts";
import { type ArtifactFacts, checkArtifact } from "./artifact.ts";
import { openXgboost, type Xgboost } from "./binding.ts";
import type { Handle } from "./native.ts";

/** A booster, and what its model says of itself. */
export interface LoadedBooster {
  readonly facts: ArtifactFacts;
  readonly booster: Handle;
}

/** What is to be loaded, and with which library. */
export interface LoadTask {
  readonly library: string;
  readonly artifact: Uint8Array;
  readonly threads: number;
}

/** What a loading thread says before it ends. */
export type FromLoading = LoadedBooster | { readonly code: ErrorCode; readonly message: string };

/** Loads a model in this thread. Throws ARTIFACT_CORRUPT. */
export function loadHere({ library: path, artifact, threads }: LoadTask): LoadedBooster {
  const facts = checkArtifact(artifact);
  return { facts, booster: boosterOf(openXgboost(path), artifact, threads) };
}

/** Loads a model in a thread beside. Throws ARTIFACT_CORRUPT. */
export async function loadBeside(task: LoadTask): Promise<LoadedBooster> {
  const thread = startThread(task);
  const said = await new Promise<FromLoading>((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", (code) => reject(new Error(`The thread that loads a model ended with ${code}.`)));
  });
  if ("booster" in said) return said;
  throw new SlipwayError(said.code, said.message);
}

function startThread(task: LoadTask): Worker {
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(new URL("./loading-thread.js", import.meta.url), { workerData: task });
  // A thread does not inherit what reads TypeScript.
  const [reader = ""] = createRequire(import.meta.url)
    .resolve("tsx/esm/api")
    .split(/\.cjs$/);
  const module = JSON.stringify(pathToFileURL(`${reader}.mjs`).href);
  const file = JSON.stringify(new URL("./loading-thread.ts", import.meta.url).href);
  return new Worker(`import(${module}).then(({ register }) => { register(); return import(${file}); });`, {
    workerData: task,
    eval: true,
  });
}

function boosterOf(library: Xgboost, artifact: Uint8Array, threads: number): Handle {
  const booster = library.createBooster([]);
  try {
    library.setParameter(booster, "nthread", String(threads));
    library.load(booster, artifact);
    library.setParameter(booster, "nthread", String(threads));
    answerOnce(library, booster);
    return booster;
  } catch (cause) {
    library.freeBooster(booster);
    throw new SlipwayError(
      "ARTIFACT_CORRUPT",
      `The model's bytes cannot be loaded by XGBoost ${library.version}: ${cause instanceof Error ? cause.message : cause}. Fetch or train it again.`,
      { cause },
    );
  }
}

/** More columns than this are not asked for a trial. */
const MOST_TRIED = 2 ** 20;

/** Has a booster score a row: what cannot do that is heard of now, and the first request does not wait for what the library puts off until then. */
function answerOnce(library: Xgboost, booster: Handle): void {
  const width = library.featureCount(booster);
  if (width > MOST_TRIED) return;
  const proxy = library.createProxy();
  try {
    library.predict(booster, proxy, new Float32Array(width), 1, width, 0);
  } finally {
    library.freeMatrix(proxy);
  }
}
