// Telling alerts: what was written down beside them goes to the channels of the definitions as they are now, by whichever process is at hand.

import { type Duration, formatInstant, newId, seconds } from "../core/core.ts";
import { definitionsOf, findDefinition } from "../define/define.ts";
import type { Notice, NoticeOutcome } from "../ports/ports.ts";
import { deliverAlerts, type Tell, type Told } from "../registry/registry.ts";
import type { Platform } from "./open.ts";

/** How often deliveries are looked for. */
const DELIVER_EVERY: Duration = seconds(1);

/** Tells what is due until nothing is, and gives what came of each attempt. */
export async function tellAlerts(platform: Platform): Promise<readonly Told[]> {
  const told: Told[] = [];
  for (;;) {
    const some = await deliverAlerts(platform.registry, tellOn(platform));
    if (some.length === 0) return told;
    told.push(...some);
  }
}

/** Tells what is due, again and again. Returns what stops it. */
export function keepTellingAlerts(platform: Platform, onTold: (told: Told) => void = () => undefined): () => void {
  if (!platform.engines.notifier) return () => undefined;
  return platform.engines.scheduler.every(DELIVER_EVERY, async () => {
    for (const told of await tellAlerts(platform)) onTold(told);
  });
}

/** Tells an example on a channel, now and once. Throws DEFINITION_NOT_FOUND. */
export async function testChannel(platform: Platform, name: string): Promise<NoticeOutcome> {
  const { engines, project, registry } = platform;
  findDefinition(project, "channel", name);
  const now = engines.clock.now();
  const at = formatInstant(now);
  const id = newId(now, engines.random);
  const notice: Omit<Notice, "project"> = {
    id,
    change: "test",
    at,
    by: registry.actor,
    note: "This is a test of the channel; nothing happened.",
    alert: {
      id,
      monitor: "example_monitor",
      model: "example_model",
      version: 1,
      kind: "drift",
      subject: "example_column",
      severity: "info",
      status: "open",
      openedAt: at,
      windowFrom: at,
      windowTo: at,
      timesSeen: 1,
      evidence: { example: true },
    },
    incident: { id, severity: "info", openedAt: at, unresolved: 1 },
  };
  return tellOn(platform)(notice, name, undefined);
}

function tellOn({ engines, project }: Platform): Tell {
  return async (notice, name, reference) => {
    const channel = definitionsOf(project, "channel").find((each) => each.name === name);
    if (!channel)
      return { kind: "failed", problem: `project ${project.name} defines no channel "${name}"`, isFinal: true };
    if (!engines.notifier)
      return { kind: "failed", problem: "the engines of this project have no `notifier`", isFinal: false };
    return engines.notifier.send({ ...notice, project: project.name }, channel, reference);
  };
}
