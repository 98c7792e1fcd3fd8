import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hours } from "../../core/core.ts";
import { count, entity, featureView, project, pushSource, t } from "../../define/define.ts";
import { applyDefinitions, openPlatform } from "../../platform/platform.ts";
import { local } from "../../presets/presets.ts";
import { buildApp } from "../app.ts";
import { fakeServing } from "../fake-serving.fixture.ts";
import { appOptionsOf } from "../serve-platform.ts";
import { ruleOf } from "./gate.ts";

/** Routes that the root registers before a hook can see them. */
const AT_ROOT = ["/healthz", "/health", "/readyz", "/metrics", "/openapi.json"];

test("every route of a whole server has a rule, so that none is shut or open by having been forgotten", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-routes-"));
  const user = entity("user", { user: t.string() });
  const clicks = pushSource("clicks", {
    columns: { id: t.string(), user: t.string(), at: t.timestamp() },
    id: "id",
    eventTime: "at",
  });
  const activity = featureView("activity", {
    entity: user,
    source: clicks,
    features: { clicks_1h: count().over(hours(1)) },
  });
  const platform = await openPlatform({
    config: project({ name: "routes", definitions: { user, clicks, activity } }),
    engines: local({ threads: 1, durable: false }),
    root: folder,
    stateDir: join(folder, "state"),
    cacheDir: join(folder, "cache"),
    env: {},
    actor: "tester",
  });
  try {
    await applyDefinitions(platform);
    const app = buildApp(await appOptionsOf(platform, fakeServing(), { version: "1.2.3" }));
    const seen = AT_ROOT.map((url) => ["GET", url] as const).map((route) => [...route]);
    app.addHook("onRoute", ({ method, url }) => {
      for (const each of [method].flat()) seen.push([each, url]);
    });
    await app.ready();
    expect(seen.length).toBeGreaterThan(150);
    expect(seen.filter(([method = "", url = ""]) => ruleOf(method, url) === undefined)).toEqual([]);
    await app.close();
  } finally {
    await platform.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
