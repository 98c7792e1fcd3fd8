// Serves until Ctrl-C, then lets requests under way finish. The answer is where it listens, printed once it does; what happens
// afterwards is said on stderr.

import { hours, SlipwayError } from "../../core/core.ts";
import {
  type AdmissionLimits,
  holdServer,
  isSignInNeeded,
  keepDelivering,
  keepFresh,
  keepRamping,
  keepTellingAlerts,
  type OpenOptions,
  type Platform,
  type Serving,
  startServing,
  type WatchRound,
} from "../../platform/platform.ts";
import { type AskedModel, appOptionsOf, createServer, serverLog } from "../../server/server.ts";
import { type Edges, type EdgeWords, edgesOf } from "../edges.ts";
import { followTls } from "../follow-tls.ts";
import type { CommandContext } from "../run-command.ts";
import { ownVersion } from "../version.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf, durationOf, wholeNumber } from "../words.ts";
import { serveWithWorkers, taskOf } from "../workers/serve-with-workers.ts";

interface ServeWords extends EdgeWords {
  readonly port: string;
  readonly host: string;
  readonly at?: string;
  readonly watch?: boolean;
  readonly open?: boolean;
  readonly keyLimit: string;
  readonly concurrency: string;
  readonly queue: string;
  readonly requestTimeout?: string;
  readonly workers: string;
  readonly invocations?: string;
  readonly grpcPort?: string;
}

interface Checked {
  readonly port: number;
  readonly limit: number;
  readonly limits: AdmissionLimits;
  readonly workers: number;
  readonly invoked: AskedModel | undefined;
  readonly grpcPort: number | undefined;
  readonly edges: Edges;
}

/** `slipway serve` */
export async function run(context: CommandContext, options: ServeWords): Promise<void> {
  const [limit, workers] = [limitOf(options.keyLimit), workersOf(options.workers)];
  const limits = limitsOf(options);
  const port = portOf("--port", options.port);
  const grpcPort = options.grpcPort === undefined ? undefined : portOf("--grpc-port", options.grpcPort);
  const edges = edgesOf(options, context.host.cwd);
  if (edges.socket !== undefined && workers > 1)
    throw new SlipwayError("USAGE", "Workers share a port, not a socket: leave --workers or --socket out.");
  const invoked = options.invocations === undefined ? undefined : askedModel(options.invocations);
  await withPlatform(
    context,
    (platform, opened) =>
      serve(context, platform, opened, options, { port, grpcPort, limit, limits, workers, invoked, edges }),
    { at: options.at, running: true },
  );
}

async function serve(
  context: CommandContext,
  platform: Platform,
  opened: OpenOptions,
  { host, watch, open = false }: ServeWords,
  { port, grpcPort, limit, limits, workers, invoked, edges }: Checked,
): Promise<void> {
  const { progress, signal } = context;
  const { logger } = edges;
  const log = logger.format === undefined ? undefined : serverLog(logger, () => platform.engines.clock.now());
  const say = (line: string): void => (log ? log.info(line) : progress.line(line));
  // A socket is reached by who may write to it.
  const isOwn = isLoopback(host) || (edges.socket !== undefined && grpcPort === undefined);
  if (!open && !isOwn && !(await isSignInNeeded(platform.registry)))
    throw new SlipwayError(
      "USAGE",
      `Everyone who reaches ${host} could change models and runs, for nobody has to sign in yet. Add a user first: slipway users add NAME --role admin; or serve without sign-in on purpose: --open.`,
    );
  const { socket: path, ...others } = edges;
  const endHold = await holdServer(platform);
  const serving = await startServing(platform, {
    onSwap: ({ model, from, to }) =>
      say(`${model}: version ${to} answers now${from === undefined ? "" : `, instead of ${from}`}`),
  });
  let stopWatching = (): void => {};
  let stopRenewing = (): void => {};
  const stopDelivering = keepDelivering(platform);
  const stopTelling = keepTellingAlerts(platform, ({ channel, outcome }) => {
    if (outcome.kind === "failed") say(`channel ${channel}: ${outcome.problem}`);
  });
  const stopRamping = keepRamping(platform, serving, {
    onMove: ({ model, status, reason }) => say(`${model}: ramp ${status}: ${reason}`),
    onFailure: (failure) => say(`Ramps: ${failure instanceof Error ? failure.message : failure}`),
  });
  try {
    const app = {
      ...(await appOptionsOf(platform, serving, { version: ownVersion(), keyLimit: limit, limits })),
      ...(invoked ? { invoked } : {}),
      ...(grpcPort === undefined ? {} : { grpc: { host, port: grpcPort } }),
      ...others,
    };
    const socket = path === undefined ? undefined : { path, hold: platform.engines.process.hold };
    const server =
      workers === 1
        ? await createServer({ ...app, ...(socket ? { socket } : {}), host, port })
        : await serveWithWorkers(app, workers, say, {
            ...taskOf(context, platform, opened),
            ...edges,
            keyLimit: limit,
            host,
            port,
          });
    if (watch === true)
      stopWatching = keepFresh(platform, {
        signal,
        onRound: (round) => tell(say, round),
        onFailure: (failure) => say(`Watching failed: ${failure instanceof Error ? failure.message : failure}`),
      });
    if (edges.tls) stopRenewing = followTls(() => server.renewTls(), say);
    announce(context, serving, server);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    // A client that never finishes its request must not keep the process.
    await server.close(AbortSignal.timeout(10_000));
  } finally {
    stopWatching();
    stopRenewing();
    stopDelivering();
    stopTelling();
    stopRamping();
    await serving.close();
    await endHold();
  }
}

/** Whether an address can only be reached from this machine. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function announce(
  { output }: CommandContext,
  serving: Serving,
  server: { readonly url: string; readonly port: number; readonly grpc?: string },
): void {
  const models = serving.models().map(({ model, version, problem }) => ({
    model: model.name,
    version: version ?? null,
    problem: problem?.message ?? null,
  }));
  const grpc = server.grpc ?? null;
  output.show({ url: server.url, port: server.port, grpc, models }, [
    `Serving at ${output.style.bold(server.url)} (Ctrl-C stops it)`,
    ...(grpc === null ? [] : [`  gRPC, the Open Inference Protocol: ${output.style.bold(grpc)}`]),
    ...models.map(({ model, version, problem }) => {
      if (problem !== null) return `  ${model}: ${problem}`;
      const path = `${server.url}/api/v1/models/${model}/predict`;
      return version === null
        ? `  ${model}: no champion yet; train one: slipway train ${model}`
        : `  ${model}, version ${version}: POST ${path}`;
    }),
  ]);
}

function tell(say: (line: string) => void, { looks, retrained, learnt, failures }: WatchRound): void {
  for (const { monitor, opened } of looks) if (opened.length > 0) say(`${monitor}: alert (${opened.join(", ")})`);
  for (const { rule, outcome } of retrained) if (outcome.kind === "decided") say(`${rule}: ${outcome.decision.reason}`);
  for (const { model, outcome } of learnt)
    say(
      `${model}: learnt from ${outcome.events} labels; ${outcome.versions.map(({ number }) => `version ${number}`).join(", ")}`,
    );
  for (const { message } of failures) say(`Watching failed: ${message}`);
}

function portOf(option: string, text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new SlipwayError(
    "USAGE",
    `${option} ${text} is not a port: give a number from 0 to 65535, 0 for any free one.`,
  );
}

/** A version as a reference, or as MLflow writes one: models:/late@champion, models:/late/3. */
function askedModel(text: string): AskedModel {
  const [, model, sign, version = ""] = /^(?:models:\/)?([^/:@]+)(?:([@/])([\w-]+))?$/.exec(text) ?? [];
  if (model === undefined || (sign === "/" && !/^[1-9]\d{0,14}$/.test(version)))
    throw new SlipwayError(
      "USAGE",
      `--invocations ${text} names no model: give one as late, late@champion, late@3 or models:/late@champion.`,
    );
  if (sign === undefined) return { model };
  return { model, version: /^\d{1,15}$/.test(version) ? Number(version) : version };
}

function workersOf(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new SlipwayError("USAGE", `--workers ${text} is not a number of processes: give 1 to 999.`);
}

/** What a timer takes, and the header too. */
const LONGEST_REQUEST = hours(1);

function limitsOf({ concurrency, queue, requestTimeout }: ServeWords): AdmissionLimits {
  const longest = requestTimeout === undefined ? undefined : durationOf("--request-timeout", requestTimeout);
  if (longest !== undefined && longest > LONGEST_REQUEST)
    throw new SlipwayError("USAGE", `--request-timeout ${requestTimeout} is over an hour; give an hour at most.`);
  return {
    concurrency: countOf("--concurrency", concurrency),
    queue: wholeNumber("--queue", queue, 0, 1_000_000),
    ...(longest === undefined ? {} : { timeoutMs: Number(longest / 1000n) }),
  };
}

function limitOf(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new SlipwayError("USAGE", `--key-limit ${text} is not a number of keys: give 1 to 9999999.`);
}
