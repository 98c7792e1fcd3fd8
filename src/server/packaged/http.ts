// The HTTP road of a version that stands alone: what Knative and Cloud Run expect of a container. It listens on PORT, ends when it is told
// to, and lets what it is answering finish first.

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { INFER_BODY_LIMIT } from "../inference/body.ts";
import { unreadable } from "./answering.ts";
import { type Answering, isInference, type LoneReply } from "./request.ts";

/** A listening server. */
export interface LoneServer {
  readonly port: number;
  /** Stops accepting, lets requests that have begun finish, then closes. Aborting `force` cuts those off. */
  close(force?: AbortSignal): Promise<void>;
}

const BODY_LIMIT = 4 * 1024 * 1024;

const LIMITS = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  // Longer than load balancers keep an idle connection, so that it is never this side that closes one that is about to be used.
  keepAliveTimeout: 620_000,
};

/** Starts to answer. Rejects with what listening failed for. */
export async function listenAlone(
  answer: Answering,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<LoneServer> {
  let isClosing = false;
  const server = createServer(LIMITS, (request, response) => {
    void respond(request, response);
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", headers, url = "/" } = request;
    const mark = url.indexOf("?");
    const [path, query] = mark < 0 ? [url, ""] : [url.slice(0, mark) || "/", url.slice(mark + 1)];
    const send = ({ status, headers: said, body }: LoneReply): void => {
      if (response.destroyed) return;
      const length = Buffer.byteLength(body);
      const ends = isClosing ? { connection: "close" } : {};
      response.writeHead(status, { ...said, "content-length": length, ...ends }).end(body);
    };
    const body = await bodyOf(request, isInference(path) ? INFER_BODY_LIMIT : BODY_LIMIT);
    if (body === undefined) send(unreadable("The body is too large. Send fewer rows at a time.", path));
    else if (body !== "broken") send(await answer({ id: randomUUID(), method, path, query, headers, body }));
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: (force) =>
      new Promise((resolve) => {
        isClosing = true;
        const cutOff = (): void => server.closeAllConnections();
        server.close(() => {
          force?.removeEventListener("abort", cutOff);
          resolve();
        });
        server.closeIdleConnections();
        if (force?.aborted) cutOff();
        else force?.addEventListener("abort", cutOff, { once: true });
      }),
  };
}

/** A request's body; undefined when it is longer than it may be, "broken" when its client went away. */
function bodyOf(request: IncomingMessage, most: number): Promise<Buffer | undefined | "broken"> {
  return new Promise((resolve) => {
    let parts: Buffer[] = [];
    let length = 0;
    const isTooLong = (): boolean => length > most || Number(request.headers["content-length"] ?? 0) > most;
    // What is too long is read to its end all the same, and kept by nobody: a client that is cut off while it sends sees no answer.
    request.on("data", (part: Buffer) => {
      length += part.length;
      if (!isTooLong()) parts.push(part);
      else {
        parts = [];
        resolve(undefined);
      }
    });
    request.once("end", () => {
      const [only] = parts;
      resolve(parts.length === 1 && only ? only : Buffer.concat(parts));
    });
    request.once("error", () => resolve("broken"));
    request.once("close", () => resolve("broken"));
  });
}
