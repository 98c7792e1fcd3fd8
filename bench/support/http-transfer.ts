// Sends or fetches one large body over a bare socket, in a process of its own, so that the client costs as little as can be. Arguments: url, and
// for an upload its size in bytes and a number that makes its content differ from others. Prints how long it took and how many bytes came back.

import { connect } from "node:net";

const [url = "", size = "", seed = "0"] = process.argv.slice(2);
const { hostname, port, pathname, host } = new URL(url);
const PART = 2 ** 20;
const part = Buffer.alloc(PART, "0123456789abcdef");

const length = Number(size);
const start = performance.now();
const socket = connect({ host: hostname, port: Number(port), noDelay: true });
const head = (method: string, more: string): string =>
  `${method} ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`;
let received = 0;
let first = "";
socket.on("data", (chunk: Buffer) => {
  if (received === 0) first = chunk.toString("latin1", 0, 32);
  received += chunk.length;
});
if (size === "") socket.write(head("GET", ""));
else {
  socket.write(head("PUT", `Content-Type: application/octet-stream\r\nContent-Length: ${length}\r\n`));
  for (let sent = 0; sent < length; sent += PART) {
    const piece = Buffer.from(part.subarray(0, Math.min(PART, length - sent)));
    piece.writeUInt32LE(Number(seed), 0);
    if (!socket.write(piece)) await new Promise((resolve) => socket.once("drain", resolve));
  }
}
await new Promise((resolve, reject) => socket.once("close", resolve).once("error", reject));
if (!first.startsWith("HTTP/1.1 200")) throw new Error(`${url}: ${first}`);
process.stdout.write(JSON.stringify({ seconds: (performance.now() - start) / 1e3, received }));
