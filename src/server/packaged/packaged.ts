// What `node server.js` of a package runs, and what AWS Lambda loads from it: one version, read from the package's folder, held to its hash and
// answering. It writes nothing to the disk and keeps nothing between requests.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatInstant, type Instant, type RandomBytes, SlipwayError, sha256 } from "../../core/core.ts";
import type { Predictor, Runtime } from "../../ports/ports.ts";
import { calibrated, LONE_FILES, type LoneModel, loneModelFrom } from "../../scoring/scoring.ts";
import { answering } from "./answering.ts";
import { type LoneServer, listenAlone } from "./http.ts";
import { type LambdaHandler, lambdaHandler } from "./lambda.ts";
import { lambdaRuntime } from "./lambda-runtime.ts";
import type { Answering } from "./request.ts";

/** What a package's own `server.js` says. */
export interface PackageOptions {
  /** The package's folder. */
  readonly folder: string;
  /** Loads the model. */
  readonly runtime: Runtime;
  /** PORT, HOST, SLIPWAY_API_KEY and AWS_LAMBDA_RUNTIME_API are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Instant;
  readonly random: RandomBytes;
  /** The version of Slipway that made it. */
  readonly slipway: string;
  /** Takes log lines, each one JSON document. */
  readonly log: (line: string) => void;
}

interface Loaded {
  readonly lone: LoneModel;
  readonly predictor: Predictor;
  readonly answer: Answering;
}

const PATIENCE_MS = 10_000;

/** Serves until SIGTERM or SIGINT: over HTTP, or as a Lambda runtime where there is one's API. */
export async function servePackage(options: PackageOptions): Promise<void> {
  const { env } = options;
  const ending = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => ending.abort());
  const { AWS_LAMBDA_RUNTIME_API: api } = env;
  if (api !== undefined) return serveLambda(options, api, ending.signal);
  const { lone, predictor, answer } = await load(options, () => !ending.signal.aborted);
  const server = await listen(answer, env);
  const about = { model: lone.model.name, version: lone.number, port: server.port };
  options.log(line(options, "info", `serving ${about.model} version ${about.version} on port ${about.port}`, about));
  await new Promise<void>((resolve) => {
    if (ending.signal.aborted) resolve();
    else ending.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close(AbortSignal.timeout(PATIENCE_MS));
  predictor.close();
}

/** A handler for a Lambda runtime that loads `lambda.js`; the model is loaded once, before the first event. */
export async function packageHandler(options: PackageOptions): Promise<LambdaHandler> {
  const { lone, answer } = await load(options, () => true);
  return lambdaHandler(answer, lone.model.name);
}

async function serveLambda(options: PackageOptions, api: string, signal: AbortSignal): Promise<void> {
  const runtime = lambdaRuntime(api);
  let handler: LambdaHandler;
  try {
    handler = await packageHandler(options);
  } catch (thrown) {
    await runtime.failed(thrown);
    throw thrown;
  }
  await runtime.run(handler, signal);
}

async function load(options: PackageOptions, isReady: () => boolean): Promise<Loaded> {
  const { folder, runtime, env, now, random, slipway, log } = options;
  const [text, artifact] = await Promise.all([
    readFile(join(folder, LONE_FILES.document), "utf8"),
    readFile(join(folder, LONE_FILES.artifact)),
  ]);
  const lone = loneModelFrom(text);
  const { artifactHash, bestRound, calibration } = lone;
  if (sha256(artifact) !== artifactHash)
    throw new SlipwayError(
      "ARTIFACT_CORRUPT",
      `${LONE_FILES.artifact} is not the model that was packaged: its SHA-256 is not ${artifactHash}. Copy the package again.`,
    );
  const plain = await runtime.load(artifact, bestRound > 0 ? { rounds: bestRound } : {});
  const predictor = calibration ? calibrated(plain, calibration) : plain;
  const report = ({ request, thrown }: { readonly request: string; readonly thrown: unknown }): void =>
    log(line(options, "error", "request failed", { request, stack: thrown instanceof Error ? thrown.stack : thrown }));
  const key = env["SLIPWAY_API_KEY"] || undefined;
  return { lone, predictor, answer: answering({ lone, predictor, now, random, slipway, key, isReady, report }) };
}

async function listen(
  answer: Answering,
  { PORT = "8080", HOST = "0.0.0.0" }: PackageOptions["env"],
): Promise<LoneServer> {
  const port = Number(PORT);
  if (!/^\d{1,5}$/.test(PORT) || port > 65_535)
    throw new SlipwayError("USAGE", `PORT is ${PORT}; give a number from 0 to 65535, 0 for any free one.`);
  return listenAlone(answer, { host: HOST, port });
}

function line(
  { now }: PackageOptions,
  level: string,
  message: string,
  more: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify({ time: formatInstant(now()), level, message, ...more });
}
