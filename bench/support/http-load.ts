// A load generator for machines without wrk, in a process of its own: keep-alive connections that each ask again as soon as they are
// answered, or, with a rate, at even intervals: latency then counts from when a request was due. Arguments: url, file of bodies (one JSON a
// line), connections, seconds, requests a second. Prints one JSON document.

import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { quantile } from "./report.ts";

const [url = "", file = "", connections = "32", seconds = "10", rate = ""] = process.argv.slice(2);
const bodies = readFileSync(file, "utf8").trim().split("\n");
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const times: number[] = [];
let errors = 0;
let next = 0;

function ask(due: number | undefined): Promise<void> {
  const body = bodies[next++ % bodies.length] ?? "";
  const start = due ?? performance.now();
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const asked = request(url, { method: "POST", agent, headers }, (answer) => {
      if (answer.statusCode !== 200) errors += 1;
      answer.resume().on("end", () => {
        times.push(performance.now() - start);
        resolve();
      });
    });
    asked.on("error", () => {
      errors += 1;
      resolve();
    });
    asked.end(body);
  });
}

const start = performance.now();
const until = start + Number(seconds) * 1e3;
if (rate === "")
  await Promise.all(
    Array.from({ length: Number(connections) }, async () => {
      while (performance.now() < until) await ask(undefined);
    }),
  );
else {
  const asked: Promise<void>[] = [];
  const gap = 1e3 / Number(rate);
  for (let due = start; due < until; due += gap) {
    const early = due - performance.now();
    if (early > 0.5) await pause(early);
    asked.push(ask(due));
  }
  await Promise.all(asked);
}
const elapsed = (performance.now() - start) / 1e3;
agent.destroy();
process.stdout.write(
  JSON.stringify({
    requests: times.length,
    seconds: elapsed,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    errors,
  }),
);
