// Events pushed over HTTP to one durable process with two views over them: events a second acknowledged, with each batch size at several
// connections that push again as soon as they are answered, and the time from an acknowledgement until the online value shows the event.

import { type ChildProcess, fork } from "node:child_process";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { script } from "./support/load.ts";
import { temporaryFolder } from "./support/project.ts";
import type { Used } from "./support/push-server.ts";
import { type Bench, median, quantile, runIfMain } from "./support/report.ts";

const SIZES = [1, 100, 1000] as const;
const CONNECTIONS = 8;
const USERS = 10_000;

/** One durable server, pushed to with several batch sizes. */
export const push: Bench = async (quick) => {
  const [, ...args] = script(join(import.meta.dirname, "support/push-server.ts"));
  const server = fork(args[2] ?? "", [temporaryFolder()], {
    execArgv: args.slice(0, 2),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const { url } = (await message(server)) as { readonly url: string };
  const used = async (): Promise<Used> => {
    server.send("used");
    return (await message(server)) as Used;
  };
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS + 1 });
  const seconds = quick ? 2 : 10;
  const rounds = quick ? 1 : 5;
  const samples: Record<string, number[]> = {};
  const keep = (name: string, value: number): void => {
    samples[name] = [...(samples[name] ?? []), value];
  };
  for (let round = 0; round <= rounds; round += 1)
    for (const size of SIZES) {
      const before = await used();
      const spell = await pushFor(agent, url, size, round === 0 ? 2 : seconds, `${round}-${size}`);
      const after = await used();
      // The first round warms up.
      if (round === 0) continue;
      keep(`events/s, batches of ${size}`, spell.events / spell.seconds);
      keep(`processor µs an event, batches of ${size}`, ((after.cpuSeconds - before.cpuSeconds) * 1e6) / spell.events);
      keep(`answer p99 ms, batches of ${size}`, quantile(spell.answers, 0.99));
      keep(`lag at the end, batches of ${size}`, after.lag);
    }
  const idle = await visibleAfter(agent, url, quick ? 20 : 200);
  const load = pushFor(agent, url, 100, quick ? 2 : 8, "behind");
  const busy = await visibleAfter(agent, url, quick ? 10 : 100);
  await load;
  const { rss } = await used();
  agent.destroy();
  server.disconnect();
  const rate = (size: number): number => median(samples[`events/s, batches of ${size}`] ?? []);
  return {
    name: "push",
    rounds,
    lines: [
      ...SIZES.map((size) => ({
        what: `events a second, durable, batches of ${size}`,
        unit: "events/s",
        slipway: rate(size),
        ...(size === 1 ? {} : { target: { text: "≥ 20,000", met: rate(size) >= 20_000 } }),
      })),
      ...SIZES.map((size) => ({
        what: `server's processor time an event, batches of ${size}`,
        unit: "µs",
        slipway: median(samples[`processor µs an event, batches of ${size}`] ?? []),
      })),
      {
        what: "acknowledged until visible online, otherwise idle, p99",
        unit: "ms",
        slipway: quantile(idle, 0.99),
        target: { text: "< 50 ms", met: quantile(idle, 0.99) < 50 },
      },
      { what: "the same, p50", unit: "ms", slipway: median(idle) },
      { what: "acknowledged until visible online, under full load, p50", unit: "ms", slipway: median(busy) },
      { what: "the same, p99", unit: "ms", slipway: quantile(busy, 0.99) },
      { what: "server's resident memory at the end", unit: "MiB", slipway: rss / 2 ** 20 },
    ],
    notes: [
      `${CONNECTIONS} keep-alive connections from this process, on the same machine; ${USERS.toLocaleString("en-US")} users; two views, every event with an id of its own.`,
      "Each acknowledgement waits for the disk; visible is when a read over HTTP shows the event, asked again and again.",
    ],
    samples: { ...samples, "visible after ms, idle": idle, "visible after ms, under load": busy },
  };
};

async function pushFor(
  agent: Agent,
  url: string,
  size: number,
  seconds: number,
  name: string,
): Promise<{ readonly events: number; readonly seconds: number; readonly answers: readonly number[] }> {
  let events = 0;
  let sent = 0;
  const answers: number[] = [];
  const start = performance.now();
  const until = start + seconds * 1e3;
  const prefix = `${name}-${start.toFixed(0)}`;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < until) {
        const first = sent;
        sent += size;
        const batch = Array.from({ length: size }, (_, place) =>
          event(`${prefix}-${first + place}`, (first + place) % USERS),
        );
        const asked = performance.now();
        const { accepted } = (await post(agent, `${url}/api/v1/push`, { source: "clicks", events: batch })) as {
          readonly accepted: number;
        };
        answers.push(performance.now() - asked);
        events += accepted;
      }
    }),
  );
  return { events, seconds: (performance.now() - start) / 1e3, answers };
}

const event = (click: string, user: number): object => ({
  click,
  user: `u${user}`,
  page: `p${user % 500}`,
  amount: user / 8,
  at: new Date().toISOString(),
});

/** From an acknowledgement until a read shows its event, in milliseconds; a read's own time is in it. */
async function visibleAfter(agent: Agent, url: string, times: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const click = `seen-${performance.now()}`;
    const one = { ...event(click, 0), user: `watched-${n}` };
    await post(agent, `${url}/api/v1/push`, { source: "clicks", events: [one] });
    const acknowledged = performance.now();
    for (;;) {
      const { results } = (await post(agent, `${url}/api/v1/features/read`, {
        features: ["by_user.last"],
        keys: [{ user: `watched-${n}` }],
      })) as { readonly results: unknown };
      if (JSON.stringify(results).includes(click)) break;
    }
    found.push(performance.now() - acknowledged);
  }
  return found;
}

function post(agent: Agent, url: string, body: unknown): Promise<unknown> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const asked = request(url, { method: "POST", agent, headers }, (answer) => {
      let told = "";
      answer.setEncoding("utf8").on("data", (piece: string) => {
        told += piece;
      });
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve(JSON.parse(told)) : reject(new Error(`${answer.statusCode}: ${told}`)),
      );
    });
    asked.on("error", reject);
    asked.end(text);
  });
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`The server ended with ${code}.`));
    child.once("exit", onExit);
    child.once("message", (told) => {
      child.off("exit", onExit);
      resolve(told);
    });
  });
}

await runIfMain(import.meta.url, push);
