// Listening with a Fastify instance, and ending that: nothing new is accepted, what has begun is answered, and whoever asked nothing yet is let go.

import type { Server as HttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { SlipwayError } from "../core/core.ts";
import type { Server } from "./server.ts";
import type { LiveTls } from "./tls.ts";
import { socketError } from "./unix-socket.ts";

/** Where to listen. */
export interface Place {
  /** The address to listen on: "127.0.0.1", "0.0.0.0", "::1". */
  readonly host: string;
  /** The port; 0 for any free one. */
  readonly port: number;
}

/** Listens, over TLS where there is any. Throws PORT_IN_USE, or USAGE when it may not listen there. */
export async function listen(
  app: FastifyInstance,
  place: Place | { readonly path: string },
  tls?: LiveTls,
): Promise<Server> {
  // Connections on which nothing was ever asked: Node counts them as busy, and closing would wait for them.
  const silent = new Map<Socket | string, Socket>();
  app.server.on("connection", (socket: Socket) => {
    const place = markOf(socket);
    silent.set(place, socket);
    socket.once("close", () => silent.delete(place));
  });
  app.server.on("request", ({ socket }) => silent.delete(markOf(socket)));
  tls?.follow(({ cert, key, ca }) =>
    (app.server as unknown as HttpsServer).setSecureContext({ cert, key, ...(ca ? { ca } : {}) }),
  );
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
    throw "path" in place ? socketError(thrown, place.path) : listenError(thrown, place);
  }
  const address = app.server.address() as AddressInfo | string;
  const port = typeof address === "string" ? 0 : address.port;
  const cutOff = (): void => app.server.closeAllConnections();
  return {
    url: "path" in place ? `unix:${place.path}` : `${tls ? "https" : "http"}://${hostInUrl(place.host)}:${port}`,
    port,
    renewTls: async () => (await tls?.renew()) ?? false,
    async close(force) {
      isClosing = true;
      // Fastify closes a turn later; nothing new is to be accepted until then.
      app.server.close();
      const closed = app.close();
      for (const socket of silent.values()) socket.destroy();
      if (force?.aborted) cutOff();
      force?.addEventListener("abort", cutOff, { once: true });
      await closed;
      force?.removeEventListener("abort", cutOff);
    },
  };
}

/** A connection, also as what TLS makes of it; a Unix socket has no address, and no TLS here. */
function markOf(socket: Socket): Socket | string {
  return socket.remotePort === undefined ? socket : `${socket.remoteAddress} ${socket.remotePort}`;
}

/** An address as it stands in a URL. */
export function hostInUrl(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

/** What listening failed for, as something that a user can act on. */
export function listenError(thrown: unknown, { host, port }: Place): unknown {
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
