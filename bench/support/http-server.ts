// A server of its own process for predict-http.ts and online-http.ts: Slipway on a state folder, or one bare Fastify route that answers a constant.
// The parent asks over IPC what it has used of the processor.

import Fastify from "fastify";
import { startServing } from "slipway/platform";
import { createServer } from "slipway/server";
import { openOnline } from "./online-project.ts";
import { openFlights } from "./project.ts";

/** What the parent may send. */
export type ToServer =
  | { readonly kind: "slipway"; readonly state: string; readonly durable: boolean }
  | { readonly kind: "online"; readonly root: string }
  | { readonly kind: "constant"; readonly answer: string }
  | { readonly kind: "cpu" };

/** What it gets back. */
export type FromServer =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "cpu"; readonly seconds: number };

const answer = (message: FromServer): void => void process.send?.(message);

async function slipway(state: string, durable: boolean): Promise<string> {
  const platform = await openFlights(state, durable);
  const serving = await startServing(platform);
  const server = await createServer({
    serving,
    models: serving.models().map(({ model }) => model),
    features: platform.features,
    version: "bench",
    host: "127.0.0.1",
    port: 0,
    now: () => platform.engines.clock.now(),
  });
  return server.url;
}

async function online(root: string): Promise<string> {
  const platform = await openOnline(root);
  const server = await createServer({
    serving: await startServing(platform),
    models: [],
    features: platform.features,
    version: "bench",
    host: "127.0.0.1",
    port: 0,
    now: () => platform.engines.clock.now(),
  });
  return server.url;
}

async function constant(text: string): Promise<string> {
  const app = Fastify();
  app.post("/*", async (_, reply) => reply.type("application/json; charset=utf-8").send(text));
  return app.listen({ host: "127.0.0.1", port: 0 });
}

function urlOf(message: Exclude<ToServer, { readonly kind: "cpu" }>): Promise<string> {
  if (message.kind === "online") return online(message.root);
  return message.kind === "slipway" ? slipway(message.state, message.durable) : constant(message.answer);
}

process.on("message", async (message: ToServer) => {
  if (message.kind === "cpu") {
    const { user, system } = process.cpuUsage();
    answer({ kind: "cpu", seconds: (user + system) / 1e6 });
  } else
    answer({
      kind: "url",
      url: await urlOf(message),
    });
});
process.on("disconnect", () => process.exit(0));
