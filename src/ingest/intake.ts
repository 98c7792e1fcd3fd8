// The intake of a project: one of each push source, owned by one process at a time.

import { SlipwayError, seconds } from "../core/core.ts";
import type { FeatureViewSpec, PushSpec } from "../define/define.ts";
import type { Processes } from "../features/features.ts";
import type { Scheduler } from "../ports/ports.ts";
import { ownEventLog } from "./owner.ts";
import {
  type IntakeEngines,
  type IntakeState,
  openSourceIntake,
  type PushOutcome,
  type SourceIntake,
} from "./source-intake.ts";

/** Events for one source. */
export interface PushRequest {
  readonly source: string;
  readonly events: readonly unknown[];
}

/** Takes in events for the push sources of a project. */
export interface Intake {
  /** Takes in events; ends when they are safe. Throws DEFINITION_NOT_FOUND for a source there is not. */
  push(requests: readonly PushRequest[]): Promise<readonly PushOutcome[]>;
  /** Ends when everything acknowledged, and known by now, is online. */
  settle(): Promise<void>;
  states(): readonly IntakeState[];
  /** Ends when everything acknowledged is online, or as far as it gets; another process may take over then. */
  close(): Promise<void>;
}

/** How often due events are looked for, and failures tried again. */
const TICK = seconds(1) / 4n;

/** Opens the intake. Everything in the log is online when this ends. Throws STATE_LOCKED while another process has it. */
export async function openIntake(
  engines: IntakeEngines & { readonly scheduler: Scheduler; readonly process: Processes },
  sources: readonly PushSpec[],
  views: readonly FeatureViewSpec[],
): Promise<Intake> {
  const release = await ownEventLog(engines.online, engines.process);
  const intakes = new Map<string, SourceIntake>();
  try {
    for (const source of sources) {
      await engines.events.sweep(source.name);
      const own = views.filter((view) => view.source.name === source.name);
      intakes.set(source.name, await openSourceIntake(engines, source, own));
    }
  } catch (thrown) {
    await release();
    throw thrown;
  }
  const all = [...intakes.values()];
  const stop = engines.scheduler.every(TICK, async () => {
    // A failure is in the state; the next tick is its second chance.
    for (const intake of all) await intake.tick().catch(() => undefined);
  });
  const named = (name: string): SourceIntake => {
    const found = intakes.get(name);
    if (found) return found;
    const known = [...intakes.keys()];
    const there =
      known.length > 0
        ? `No push source "${name}" is defined. There are: ${known.join(", ")}.`
        : `This project takes in no events: it defines no push source. Define "${name}" with pushSource(…), add it to the project and run: slipway apply.`;
    throw new SlipwayError("DEFINITION_NOT_FOUND", there, { details: { source: name } });
  };
  return {
    async push(requests) {
      const wanted = requests.map(({ source, events }) => ({ intake: named(source), events }));
      return Promise.all(wanted.map(({ intake, events }) => intake.push(events)));
    },
    async settle() {
      for (const intake of all) await intake.settle();
    },
    states: () => all.map((intake) => intake.state()),
    async close() {
      stop();
      for (const intake of all) await intake.close();
      await release();
    },
  };
}
