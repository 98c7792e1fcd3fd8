// A server of its own process for push.ts, on a project of one push source with two views. The parent asks over IPC what it has used of the
// processor. Argument: the project's folder.

import { count, days, entity, featureView, hours, latest, mean, project, pushSource, sum, t } from "slipway";
import { applyDefinitions, openPlatform, openPushing, pushSources, startServing } from "slipway/platform";
import { local } from "slipway/presets";
import { createServer } from "slipway/server";

/** What the server has used, and where it stands. */
export interface Used {
  readonly cpuSeconds: number;
  /** Acknowledged events that are not online yet. */
  readonly lag: number;
  /** Resident bytes. */
  readonly rss: number;
}

const clicks = pushSource("clicks", {
  columns: { click: t.string(), user: t.string(), page: t.string(), amount: t.float64().optional(), at: t.timestamp() },
  id: "click",
  eventTime: "at",
});
const byUser = featureView("by_user", {
  entity: entity("user", { user: t.string() }),
  source: clicks,
  features: {
    clicks_1h: count().over(hours(1)),
    amount_7d: sum(clicks.amount).over(days(7)),
    last: latest(clicks.click),
  },
});
const byPage = featureView("by_page", {
  entity: entity("page", { page: t.string() }),
  source: clicks,
  features: { clicks_24h: count().over(hours(24)), amount_24h: mean(clicks.amount).over(hours(24)) },
});

const [root = ""] = process.argv.slice(2);
const platform = await openPlatform({
  config: project({ name: "shop", definitions: { clicks, byUser, byPage } }),
  engines: local({ threads: 1 }),
  root,
  stateDir: `${root}/state`,
  cacheDir: `${root}/cache`,
  env: process.env,
  actor: "bench",
});
await applyDefinitions(platform);
const [serving, intake] = [await startServing(platform), await openPushing(platform)];
const { url } = await createServer({
  serving,
  models: [],
  features: platform.features,
  push: { intake, sources: pushSources(platform) },
  version: "bench",
  host: "127.0.0.1",
  port: 0,
  now: () => platform.engines.clock.now(),
});
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const lag = intake.states()[0]?.lag ?? Number.NaN;
  process.send?.({ cpuSeconds: (user + system) / 1e6, lag, rss: process.memoryUsage().rss } satisfies Used);
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url });
