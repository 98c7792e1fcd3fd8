// Hands a request on to another process over a Unix socket, and its answer back, both as they come: no body is held. What HTTP says of one
// connection alone (RFC 9110, section 7.6.1) is left out; everything else arrives as it was sent, header by header.

import { Agent, type ClientRequest, type IncomingMessage, request as open, type ServerResponse } from "node:http";
import { JSON_TYPE, nativeForm, safetyHeaders } from "./refusal.ts";

/** Hands requests on. */
export interface Forwarder {
  forward(request: IncomingMessage, response: ServerResponse): void;
  /** Answers from now on are the last on their connections. */
  drain(): void;
  /** Closes connections that nothing is asked on. */
  close(): void;
}

/** Of one connection, not of the message; `expect` was answered already. */
const OF_CONNECTION = new Set(["connection", "keep-alive", "proxy-connection", "upgrade", "expect"]);

/** Shorter than the other side keeps an idle connection, so that none is closed while it is taken up again. */
const IDLE_MS = 30_000;

/** Methods that Node sends without a body unless told of one. */
const BODILESS = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

/** A forwarder to a socket. */
export function forwarder(socketPath: string): Forwarder {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  let isDraining = false;
  const passBack = (answer: IncomingMessage, response: ServerResponse): void => {
    const headers = passed(answer.rawHeaders, "transfer-encoding");
    if (isDraining || answer.headers.connection === "close") headers.push("Connection", "close");
    response.sendDate = answer.headers.date === undefined;
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
    answer.pipe(response);
    answer.on("error", ignore);
    // Cut off in the middle: the client must not take what came for the whole.
    answer.once("close", () => {
      if (!answer.complete) response.destroy();
    });
  };
  return {
    forward(request, response) {
      const { method = "GET", url: path } = request;
      const headers = passed(request.rawHeaders);
      const { "content-length": length, "transfer-encoding": coding } = request.headers;
      const hasBody = length !== undefined || coding !== undefined;
      if (!hasBody && !BODILESS.has(method)) headers.push("Content-Length", "0");
      const upstream: ClientRequest = open({ socketPath, agent, method, path, headers });
      // A client that goes away closes the response too, and there it is seen.
      request.on("error", ignore);
      let isAnswered = false;
      upstream.once("response", (answer) => {
        isAnswered = true;
        passBack(answer, response);
      });
      upstream.on("error", () => {
        request.unpipe(upstream);
        // What still comes is read and passed over: an answer may be on its way to a client that is not done asking.
        request.resume();
        if (!isAnswered) refuse(response);
      });
      response.once("close", () => {
        if (!response.writableFinished) upstream.destroy();
      });
      if (hasBody) request.pipe(upstream);
      else upstream.end();
    },
    drain() {
      isDraining = true;
    },
    close: () => agent.destroy(),
  };
}

function ignore(): void {}

/** Headers as they were sent, name and value in turn, without those of the connection. */
function passed(raw: readonly string[], ...also: readonly string[]): string[] {
  const kept: string[] = [];
  for (let place = 0; place < raw.length; place += 2) {
    const [name = "", value = ""] = raw.slice(place, place + 2);
    const plain = name.toLowerCase();
    if (!OF_CONNECTION.has(plain) && !also.includes(plain)) kept.push(name, value);
  }
  return kept;
}

const message =
  "The process that answers this is not there: the server is starting or stopping. Ask again in a moment.";
const refusal = nativeForm({ status: 503, code: "NOT_READY", message, details: {} });

function refuse(response: ServerResponse): void {
  if (response.destroyed) return;
  response.writeHead(503, { ...safetyHeaders, "content-type": JSON_TYPE, connection: "close" });
  response.end(refusal);
}
