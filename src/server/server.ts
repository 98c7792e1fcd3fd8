// The door of `server`: one HTTP server with the native API, the Open Inference Protocol, health, metrics and its own description.

import type { AddressInfo, Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { SlipwayError } from "../core/core.ts";
import { rememberingSignIn } from "./access/sign-in.ts";
import { type AppOptions, buildApp, partsOf } from "./app.ts";
import { forwarder } from "./forward.ts";
import type { MeterCounts } from "./metrics/request-meters.ts";
import { buildReadingApp, type ReadingOptions } from "./reading-app.ts";

export type { AppOptions } from "./app.ts";
export type { AskedModel } from "./invocations.ts";
export { lastingCounts, type MeterCounts } from "./metrics/request-meters.ts";
export { openApiDocument } from "./openapi/document.ts";
export { appOptionsOf, type PlatformServerOptions } from "./serve-platform.ts";

/** Where to listen. */
export interface Place {
  /** The address to listen on: "127.0.0.1", "0.0.0.0", "::1". */
  readonly host: string;
  /** The port; 0 for any free one. */
  readonly port: number;
}

/** The other road into a server. */
export interface GrpcOptions {
  /** Where to answer gRPC too; without it nothing does. */
  readonly grpc?: Place;
}

/** How to serve over HTTP, and gRPC. */
export interface ServerOptions extends AppOptions, GrpcOptions, Place {}

/** How to answer what the workers of a server hand on. */
export interface SocketServerOptions extends AppOptions, GrpcOptions {
  /** The path of a Unix socket, which is made. */
  readonly socket: string;
}

/** How to serve from a worker. */
export interface WorkerOptions extends Omit<ReadingOptions, "others">, Place {
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
}

/** Starts to serve. Throws PORT_IN_USE, or USAGE when it may not listen there. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { host, port } = options;
  return listenBoth(options, { host, port });
}

/** Starts to answer, on a Unix socket, what workers hand on. */
export async function createSocketServer(options: SocketServerOptions): Promise<Pick<Server, "grpc" | "close">> {
  return listenBoth(options, { path: options.socket });
}

/** Starts to read features in a process of its own; everything else is handed on. Throws as {@link createServer} does. */
export async function createWorkerServer({ host, port, socket, ...options }: WorkerOptions): Promise<WorkerServer> {
  const others = forwarder(socket);
  const { app, counts } = buildReadingApp({ ...options, others });
  const server = await listen(app, { host, port });
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
): Promise<Server> {
  const parts = partsOf(options);
  const app = buildApp(options, parts);
  const server = await listen(app, place);
  const { grpc: wanted, access, now, version } = options;
  if (!wanted) return server;
  try {
    // Those who do not ask for it do not wait for its library.
    const { startGrpc } = await import("./grpc/grpc.ts");
    const signIn = access && rememberingSignIn(access, now);
    const grpc = await startGrpc(
      { ...parts, version, signIn, log: app.log, seconds: () => performance.now() / 1000 },
      wanted,
    );
    return {
      ...server,
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

async function listen(app: FastifyInstance, place: Place | { readonly path: string }): Promise<Server> {
  // Connections on which nothing was ever asked: Node counts them as busy, and closing would wait for them.
  const silent = new Set<Socket>();
  app.server.on("connection", (socket: Socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  app.server.on("request", ({ socket }) => silent.delete(socket));
  let isClosing = false;
  app.addHook("onSend", (_, reply, payload, done) => {
    // A request that began before would otherwise keep its connection, and the closing, waiting for the next.
    if (isClosing) reply.header("connection", "close");
    done(null, payload);
  });
  try {
    await app.listen(place);
  } catch (thrown) {
    await app.close();
    throw "path" in place ? thrown : listenError(thrown, place);
  }
  const address = app.server.address() as AddressInfo | string;
  const port = typeof address === "string" ? 0 : address.port;
  const cutOff = (): void => app.server.closeAllConnections();
  return {
    url: "path" in place ? `unix:${place.path}` : `http://${hostInUrl(place.host)}:${port}`,
    port,
    async close(force) {
      isClosing = true;
      // Fastify closes a turn later; nothing new is to be accepted until then.
      app.server.close();
      const closed = app.close();
      for (const socket of silent) socket.destroy();
      if (force?.aborted) cutOff();
      force?.addEventListener("abort", cutOff, { once: true });
      await closed;
      force?.removeEventListener("abort", cutOff);
    },
  };
}

function hostInUrl(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function listenError(thrown: unknown, { host, port }: Place): unknown {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  const context = { cause: thrown, details: { host, port } };
  switch (code) {
    case "EADDRINUSE":
      return new SlipwayError(
        "PORT_IN_USE",
        `Port ${port} on ${host} is in use. Stop what listens there, or take any free port: --port 0.`,
        context,
      );
    case "EACCES":
      return new SlipwayError(
        "USAGE",
        `This user may not listen on port ${port}. Choose one above 1023, or any free one: --port 0.`,
        context,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new SlipwayError(
        "USAGE",
        `"${host}" is not an address of this machine. Use --host 127.0.0.1, or 0.0.0.0 for all.`,
        context,
      );
    default:
      return thrown;
  }
}
