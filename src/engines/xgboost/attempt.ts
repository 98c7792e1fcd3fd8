// One attempt at a fit by one process, or by several that add up what each finds in its share of the rows. However it ends, every process is gone before it
// settles. With several the first to fail is the reason, and what the others say of it is not: they have lost a member, or were ended here.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SlipwayError } from "../../core/core.ts";
import type { TrainingBase, TrainingJob } from "../../ports/trainer.ts";
import { agreedModel, type MadeModel } from "./agreement.ts";
import type { TrackerAddress } from "./collective.ts";
import { feed, send } from "./feeding.ts";
import type { Checkpoint, FitPlan } from "./fitting.ts";
import { readFrames } from "./frames.ts";
import { ownMeasure } from "./own-measure.ts";
import type { FromProcess } from "./protocol.ts";

const TAIL_CHARACTERS = 2000;

/** What to fit, by how many processes, and from where. */
export interface AttemptRequest {
  readonly job: TrainingJob;
  readonly plan: FitPlan;
  readonly workers: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly base?: TrainingBase | undefined;
  readonly checkpoint?: Checkpoint | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A line of metrics, of the round at that place counted from 0. */
  readonly onLine: (line: string, place: number) => void;
}

/** A whole model, the same from every worker. */
export interface AttemptModel extends MadeModel {
  readonly kind: "model";
  /** A line per round, those of the checkpoint included. */
  readonly lines: readonly string[];
}

/** A process that ended without a word of its own. */
export interface AttemptLost {
  readonly kind: "lost";
  /** Which of the workers, from 0. */
  readonly rank: number;
  /** How it ended, e.g. `was ended by SIGKILL`. */
  readonly ending: string;
  readonly printed: string;
  readonly rounds: number;
  /** The newest that there was. */
  readonly checkpoint?: Checkpoint | undefined;
}

interface Member {
  readonly rank: number;
  readonly child: ChildProcess;
  readonly ended: Promise<string>;
  readonly printed: () => string;
  stopped: boolean;
  last?: { readonly header: FromProcess; readonly artifact: Uint8Array };
}

/** Runs the processes to their end. Throws what the job's data, the caller or the library has against it. */
export async function attempt(request: AttemptRequest): Promise<AttemptModel | AttemptLost> {
  const { job, plan, workers, env, base, signal, onLine } = request;
  const { spill } = plan;
  const folders = Array.from({ length: workers }, (_, rank) => spill && join(spill, `worker-${rank + 1}`));
  for (const folder of folders) {
    if (folder === undefined) continue;
    // What an attempt before this one left.
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
  }
  const members = Array.from({ length: workers }, (_, rank) => startMember(rank, env));
  let failure: { readonly error: unknown } | undefined;
  const stopAll = (): void => {
    for (const member of members) {
      if (member.child.exitCode !== null || member.child.signalCode !== null) continue;
      member.stopped = true;
      member.child.kill("SIGKILL");
    }
  };
  const fail = (error: unknown): void => {
    failure ??= { error };
    stopAll();
  };
  const onAbort = (): void => fail(new SlipwayError("CANCELLED", "The training was cancelled."));
  signal?.addEventListener("abort", onAbort, { once: true });

  const lines = [...(request.checkpoint?.lines ?? [])];
  let checkpoint = request.checkpoint;
  let met = (_: TrackerAddress | undefined): void => {};
  const meeting = new Promise<TrackerAddress | undefined>((resolve) => {
    met = resolve;
  });
  const { stopBy } = job;
  const validated = stopBy && ownMeasure(stopBy, plan);
  const hear = (member: Member, header: FromProcess, bytes: Uint8Array): void => {
    if (header.kind === "tracker") met(header.address);
    else if (header.kind === "checkpoint") checkpoint = { snapshot: bytes, lines: lines.slice(0, header.rounds) };
    else if (header.kind === "scores") {
      try {
        const value = validated?.measure(bytes) ?? Number.NaN;
        send(member.child.stdin as Writable, { kind: "measured", value: String(value) }).catch(fail);
      } catch (error) {
        fail(error);
      }
    } else if (header.kind === "round") {
      lines.push(header.line);
      if (failure) return;
      try {
        onLine(header.line, lines.length - 1);
      } catch (error) {
        fail(error);
      }
    } else member.last = { header, artifact: bytes };
  };

  const order: Member[] = [];
  const endings = members.map(async (member) => {
    // A process that dies inside a frame breaks this pipe too.
    listen(member, hear).catch(() => {});
    const ending = await member.ended;
    if (member.rank === 0) met(undefined);
    order.push(member);
    if (member.last?.header.kind !== "model") stopAll();
    return ending;
  });
  const pipes = members.map(({ child }) => child.stdin as Writable);
  const feeding = async (): Promise<void> => {
    for (const [rank, pipe] of pipes.entries()) {
      const folder = folders[rank];
      const ofOne = {
        ...plan,
        ...(workers === 1 ? {} : { worker: { rank, of: workers } }),
        ...(folder === undefined ? {} : { spill: folder }),
      };
      if (!(await send(pipe, { kind: "plan", plan: ofOne }))) return;
    }
    const address = workers === 1 ? undefined : await meeting;
    if (workers > 1 && address === undefined) return;
    await feed(pipes, job, plan, { address, base, checkpoint: request.checkpoint }, validated?.add);
  };
  feeding().catch(fail);
  const ended = await Promise.all(endings);
  signal?.removeEventListener("abort", onAbort);

  if (failure) throw (failure as { readonly error: unknown }).error;
  for (const { last } of order)
    if (last?.header.kind === "refused") throw new SlipwayError(last.header.code, last.header.message);
  const models = members.flatMap(({ last }) =>
    last?.header.kind === "model" ? [{ header: last.header, artifact: last.artifact }] : [],
  );
  const [first, ...others] = models;
  if (first && models.length === workers) return { kind: "model", ...agreedModel([first, ...others]), lines };
  const silent = order.find(({ stopped, last }) => !stopped && last === undefined);
  const lost = silent ?? order.find(({ last }) => last?.header.kind === "lost") ?? order[0];
  const said = lost?.last?.header.kind === "lost" ? `said: ${lost.last.header.message}` : undefined;
  const rank = lost?.rank ?? 0;
  return {
    kind: "lost",
    rank,
    ending: said ?? ended[rank] ?? "ended",
    printed: lost?.printed().trim() ?? "",
    rounds: lines.length,
    checkpoint,
  };
}

function startMember(rank: number, env: AttemptRequest["env"]): Member {
  const child = startProcess(env);
  // A process that dies breaks the pipe; its exit is what gets reported.
  child.stdin?.on("error", () => {});
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("close", (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
  });
  return { rank, child, ended, printed: tailOf([child.stdout as Readable, child.stderr as Readable]), stopped: false };
}

function startProcess(env: AttemptRequest["env"]): ChildProcess {
  const fromSource = import.meta.url.endsWith(".ts");
  const file = fileURLToPath(new URL(`./training-process.${fromSource ? "ts" : "js"}`, import.meta.url));
  const loader = fromSource ? ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href] : [];
  return spawn(process.execPath, [...loader, file], {
    // OpenMP threads spin while they wait: for long by default, which takes the processor from those that work when others use the
    // machine too. This much bridges the gaps between two steps of a tree and no more.
    env: { GOMP_SPINCOUNT: "10000", ...env },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    windowsHide: true,
  });
}

async function listen(
  member: Member,
  hear: (member: Member, header: FromProcess, bytes: Uint8Array) => void,
): Promise<void> {
  const pipe = member.child.stdio[3] as Readable;
  for await (const { header, bytes } of readFrames<FromProcess>(pipe, (_, length) => new Uint8Array(length)))
    hear(member, header, bytes);
}

function tailOf(streams: readonly Readable[]): () => string {
  let tail = "";
  for (const stream of streams)
    stream.setEncoding("utf8").on("data", (text: string) => {
      tail = (tail + text).slice(-TAIL_CHARACTERS);
    });
  return () => tail;
}
