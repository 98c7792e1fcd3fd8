// An alert from both ends: a monitor's finding in the records, seen and answered over HTTP by the typed client, and on the command line.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "../../src/client/client.ts";
import { days } from "../../src/core/core.ts";
import { project } from "../../src/define/define.ts";
import {
  addUser,
  openPlatform,
  type Platform,
  setDefaultPermission,
  startServing,
  tellAlerts,
} from "../../src/platform/platform.ts";
import { local } from "../../src/presets/presets.ts";
import { recordAlert } from "../../src/registry/registry.ts";
import { appOptionsOf, createServer, type Server } from "../../src/server/server.ts";

let folder: string;
let platform: Platform;
let server: Server;
let close: () => Promise<void>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-alerts-"));
  platform = await openPlatform({
    config: project({ name: "alerts", definitions: {} }),
    engines: local({ threads: 1, durable: false }),
    root: folder,
    stateDir: join(folder, "state"),
    cacheDir: join(folder, "cache"),
    env: {},
    actor: "tester",
  });
  const serving = await startServing(platform);
  const app = await appOptionsOf(platform, serving, { version: "1" });
  server = await createServer({ ...app, logger: { level: "silent" }, host: "127.0.0.1", port: 0 });
  close = async () => {
    await server.close();
    await serving.close();
    await platform.close();
  };
});
afterAll(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

test("somebody who may read sees it, and somebody who may write says what is done about it", async () => {
  const now = platform.engines.clock.now();
  const alert = {
    monitor: "health",
    model: "delay",
    version: 3,
    windowFrom: now - days(7),
    windowTo: now,
    kind: "drift",
    severity: "warning",
    evidence: { psi: 0.3 },
  } as const;
  const { id } = await recordAlert(platform.registry, alert, { to: [{ channel: "gone", from: "info" }] });
  const [root, viewer, editor] = [
    await addUser(platform.registry, "root", "admin"),
    await addUser(platform.registry, "vera", "viewer"),
    await addUser(platform.registry, "eddie", "editor"),
  ];
  const as = ({ key }: { readonly key: string }) => createClient({ url: server.url, apiKey: key });
  expect(await as(viewer).alerts({ model: "delay" })).toMatchObject([{ id, status: "open", evidence: { psi: 0.3 } }]);
  await expect(as(viewer).answerAlert(id, { acknowledge: true })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await as(editor).answerAlert(id.slice(-12), { acknowledge: true, note: "on it" });
  await as(editor).answerAlert(id, { comment: "only JFK" });
  expect(await as(editor).answerAlert(id, { resolve: true })).toMatchObject({ status: "resolved", handledBy: "eddie" });
  expect(await as(viewer).alerts()).toEqual([]);
  expect(await as(viewer).alert(id)).toMatchObject({
    status: "resolved",
    steps: [
      { change: "opened", actor: "monitor health" },
      { change: "acknowledged", actor: "eddie", note: "on it" },
      { change: "commented", note: "only JFK" },
      { change: "resolved" },
    ],
    incident: { alerts: [id], resolvedAt: expect.any(String) },
  });
  // A channel that no definition is behind any more takes nothing, and what it should have been told is kept.
  await tellAlerts(platform);
  const [dead] = await as(viewer).alertDeliveries({ status: "dead", limit: 1 });
  expect(dead).toMatchObject({ alert: id, channel: "gone", problem: 'project alerts defines no channel "gone"' });
  await expect(as(viewer).retryAlertDelivery("dead")).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(await as(editor).retryAlertDelivery(dead?.id ?? "")).toBe(1);
  expect(await as(viewer).alertDeliveries({ status: "waiting" })).toMatchObject([{ id: dead?.id, attempts: 0 }]);
  // What is kept from somebody is in no list and no answer, and nothing is said to it.
  await setDefaultPermission(platform.registry, "none");
  expect(await as(viewer).alerts({ status: "all" })).toEqual([]);
  await expect(as(viewer).alert(id)).rejects.toMatchObject({ code: "ALERT_NOT_FOUND" });
  await expect(as(editor).answerAlert(id, { comment: "?" })).rejects.toMatchObject({ code: "ALERT_NOT_FOUND" });
  expect(await as(viewer).alertDeliveries()).toEqual([]);
  expect(await as(root).alerts({ status: "all" })).toMatchObject([{ id }]);
});
