// A load generator for machines without wrk, in a process of its own: keep-alive connections that each ask again as soon as they are
// answered, or, with a rate, at even intervals: latency then counts from when a request was due, also while it waits for a free connection.
// It shares the processors with the server, so it speaks HTTP over bare sockets (answers with a Content-Length, nothing else), makes every
// request's bytes beforehand and keeps nothing per request but a number. Arguments: url, file of bodies that are posted in turn (one JSON
// a line; empty for a GET), connections, seconds, requests a second. Prints one JSON document.

import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { quantile } from "./report.ts";

const [url = "", file = "", connections = "32", seconds = "10", rate = ""] = process.argv.slice(2);
const { hostname, port, pathname, search, host } = new URL(url);
const bodies = file === "" ? [] : readFileSync(file, "utf8").trim().split("\n");
const requests = bodies.map((body) =>
  Buffer.from(
    `POST ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  ),
);
if (file === "") requests.push(Buffer.from(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
const HEAD_END = Buffer.from("\r\n\r\n");
const LENGTH = /\r\ncontent-length: *(\d+)/i;

const gap = rate === "" ? undefined : 1e3 / Number(rate);
let times = new Float64Array(1 << 16);
let answered = 0;
let asked = 0;
let errors = 0;
let start = 0;
let until = 0;

interface Line {
  readonly socket: Socket;
  /** When its request was sent, or due. */
  since: number;
  isBusy: boolean;
  /** Bytes of the answer's body still to come; its head is still to come when negative. */
  left: number;
  head: Buffer;
}

function ask(line: Line, since: number): void {
  line.since = since;
  line.isBusy = true;
  line.left = -1;
  line.socket.write(requests[asked % requests.length] ?? "");
  asked += 1;
}

function finish(line: Line): void {
  line.isBusy = false;
  if (answered === times.length) {
    const grown = new Float64Array(times.length * 2);
    grown.set(times);
    times = grown;
  }
  const now = performance.now();
  times[answered] = now - line.since;
  answered += 1;
  if (gap === undefined) {
    if (now < until) ask(line, now);
    else line.socket.end();
  } else sendDue(line);
}

/** With a rate, the next request goes out on a free connection once it is due. */
function sendDue(line: Line): boolean {
  const due = start + asked * (gap as number);
  if (due >= until) {
    line.socket.end();
    return false;
  }
  if (due > performance.now()) return false;
  ask(line, due);
  return true;
}

function receive(line: Line, chunk: Buffer): void {
  let body = chunk.length;
  if (line.left < 0) {
    const bytes = line.head.length === 0 ? chunk : Buffer.concat([line.head, chunk]);
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) {
      line.head = bytes;
      return;
    }
    line.head = Buffer.alloc(0);
    const head = bytes.toString("latin1", 0, end);
    if (!head.startsWith("HTTP/1.1 200")) errors += 1;
    const length = LENGTH.exec(head)?.[1];
    if (length === undefined) throw new Error(`An answer has no Content-Length:\n${head}`);
    line.left = Number(length);
    body = bytes.length - end - HEAD_END.length;
  }
  line.left -= body;
  if (line.left === 0) finish(line);
}

async function opened(): Promise<Line> {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const line: Line = { socket, since: 0, isBusy: false, left: -1, head: Buffer.alloc(0) };
  socket.on("data", (chunk: Buffer) => receive(line, chunk));
  socket.on("error", () => {
    errors += 1;
  });
  return line;
}

const lines = await Promise.all(Array.from({ length: Number(connections) }, opened));
const closed = lines.map(({ socket }) => new Promise((resolve) => socket.once("close", resolve)));
start = performance.now();
until = start + Number(seconds) * 1e3;
if (gap === undefined) for (const line of lines) ask(line, start);
else {
  // A timer comes late by a millisecond and more; turning the loop finds what is due in time.
  const look = (): void => {
    for (const line of lines) if (!line.isBusy && !sendDue(line)) break;
    if (start + asked * gap < until) setImmediate(look);
    else for (const line of lines) if (!line.isBusy) line.socket.end();
  };
  look();
}
await Promise.all(closed);
const elapsed = (performance.now() - start) / 1e3;
const taken = [...times.subarray(0, answered)];
process.stdout.write(
  JSON.stringify({
    requests: answered,
    seconds: elapsed,
    p50Ms: quantile(taken, 0.5),
    p99Ms: quantile(taken, 0.99),
    errors,
  }),
);
