// The door of `server`: one HTTP server with the native API, the Open Inference Protocol, health, metrics and its own description.

import { rememberingSignIn } from "./access/sign-in.ts";
import { type AppOptions, buildApp, partsOf } from "./app.ts";
import { forwarder } from "./forward.ts";
import { hostInUrl, listen, listenError, type Place } from "./listening.ts";
import type { MeterCounts } from "./metrics/request-meters.ts";
import { buildReadingApp, type ReadingOptions } from "./reading-app.ts";
import { type LiveTls, openTls, type TlsFiles } from "./tls.ts";
import { claimSocket, type SocketPlace } from "./unix-socket.ts";

export type { AppOptions } from "./app.ts";
export type { AskedModel } from "./invocations.ts";
export type { Place } from "./listening.ts";
export { type LogFormat, type LogOptions, serverLog } from "./log.ts";
export { lastingCounts, type MeterCounts } from "./metrics/request-meters.ts";
export { openApiDocument } from "./openapi/document.ts";
export { appOptionsOf, type PlatformServerOptions } from "./serve-platform.ts";
export type { TlsFiles } from "./tls.ts";
export type { SocketPlace } from "./unix-socket.ts";

/** The other road into a server. */
export interface GrpcOptions {
  /** Where to answer gRPC too; without it nothing does. */
  readonly grpc?: Place;
}

/** How to serve over HTTP, and gRPC. */
export interface ServerOptions extends AppOptions, GrpcOptions, Place, Secured {
  /** A Unix socket to answer on instead of a port. What a killed process left there is removed. */
  readonly socket?: SocketPlace;
}

/** How connections are made safe. */
export interface Secured {
  /** Answers over TLS alone, HTTP and gRPC; without it neither is encrypted. */
  readonly tls?: TlsFiles;
}

/** How to answer what the workers of a server hand on. */
export interface SocketServerOptions extends AppOptions, GrpcOptions, Secured {
  /** The path of a Unix socket, which is made. */
  readonly socket: string;
}

/** How to serve from a worker. */
export interface WorkerOptions extends Omit<ReadingOptions, "others">, Place, Secured {
  /** The Unix socket of the process that answers everything else. */
  readonly socket: string;
}

/** A worker that listens. */
export interface WorkerServer extends Server {
  /** What it has counted since it started. */
  counts(): Promise<MeterCounts>;
}

/** A listening server. */
export interface Server {
  /** Where it answers: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /** Where it answers gRPC, as clients are told: `127.0.0.1:8081`; undefined where it does not. */
  readonly grpc?: string;
  /** Stops accepting, lets requests that have begun finish, then closes. Aborting `force` cuts those off. */
  close(force?: AbortSignal): Promise<void>;
  /** Reads the files of TLS again; true when they were new. Throws CONFIG_INVALID, and what was there stays. */
  renewTls(): Promise<boolean>;
}

/** Starts to serve. Throws PORT_IN_USE, CONFIG_INVALID for TLS that cannot be used, or USAGE when it may not listen there. */
export async function createServer({ tls: files, ...options }: ServerOptions): Promise<Server> {
  const { host, port, socket } = options;
  const tls = files && (await openTls(files));
  if (socket === undefined) return listenBoth(options, { host, port }, tls);
  const release = await claimSocket(socket);
  try {
    const server = await listenBoth(options, { path: socket.path }, tls);
    return { ...server, close: (force) => server.close(force).finally(release) };
  } catch (thrown) {
    release();
    throw thrown;
  }
}

/** Starts to answer, on a Unix socket, what workers hand on; TLS is for gRPC, as nobody else can open the socket. */
export async function createSocketServer({
  tls: files,
  ...options
}: SocketServerOptions): Promise<Pick<Server, "grpc" | "close" | "renewTls">> {
  const tls = files && options.grpc && (await openTls(files));
  return listenBoth(options, { path: options.socket }, undefined, tls);
}

/** Starts to read features in a process of its own; everything else is handed on. Throws as {@link createServer} does. */
export async function createWorkerServer({
  host,
  port,
  socket,
  tls: files,
  ...options
}: WorkerOptions): Promise<WorkerServer> {
  const tls = files && (await openTls(files));
  const others = forwarder(socket);
  const { app, counts } = buildReadingApp({ ...options, others }, tls?.now());
  const server = await listen(app, { host, port }, tls);
  return {
    ...server,
    counts,
    async close(force) {
      others.drain();
      await server.close(force);
      others.close();
    },
  };
}

/** Listens for HTTP, and for gRPC where that is wanted: both, or neither. */
async function listenBoth(
  options: AppOptions & GrpcOptions,
  place: Place | { readonly path: string },
  tls: LiveTls | undefined,
  grpcTls: LiveTls | undefined = tls,
): Promise<Server> {
  const parts = partsOf(options);
  const app = buildApp(options, parts, tls?.now());
  const server = await listen(app, place, tls);
  const { grpc: wanted, access, now, version } = options;
  if (!wanted) return server;
  try {
    // Those who do not ask for it do not wait for its library.
    const { startGrpc } = await import("./grpc/grpc.ts");
    const signIn = access && rememberingSignIn(access, now);
    const grpc = await startGrpc(
      { ...parts, version, signIn, log: app.log, seconds: () => performance.now() / 1000 },
      wanted,
      grpcTls,
    );
    return {
      ...server,
      renewTls: async () => (await grpcTls?.renew()) ?? false,
      grpc: `${hostInUrl(wanted.host)}:${grpc.port}`,
      async close(force) {
        await Promise.all([grpc.close(force), server.close(force)]);
      },
    };
  } catch (thrown) {
    await server.close();
    throw listenError(thrown, wanted);
  }
}
