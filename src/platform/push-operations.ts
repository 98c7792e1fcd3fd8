// Pushing from the outside: the intake of a project's push sources, opened when it is first needed and owned until the platform closes.

import { SlipwayError } from "../core/core.ts";
import { definitionsOf, type PushSpec, type SourceSpec } from "../define/define.ts";
import { keepsTurnedAway } from "../guard/guard.ts";
import { type Intake, openIntake, type PushOutcome, type PushRequest } from "../ingest/ingest.ts";
import { requireApplied } from "./apply.ts";
import type { Platform } from "./open.ts";

/** A project's intake, which is opened once. */
export interface IntakeHolder {
  /** The intake, when it was opened. */
  current: Promise<Intake> | undefined;
}

/** Whether a source takes pushed events. */
export function isPushSource(source: SourceSpec): source is PushSpec {
  return source.format === "push";
}

/** The project's push sources. */
export function pushSources({ project }: Platform): readonly PushSpec[] {
  return definitionsOf(project, "source").filter(isPushSource);
}

/**
 * Opens the intake: everything in the log is online when this ends, and this process is the one that takes events in. Throws STATE_LOCKED
 * while another one is.
 */
export function openPushing(platform: Platform): Promise<Intake> {
  const { intake, engines, project } = platform;
  intake.current ??= (async () => {
    await requireApplied(platform);
    const { events } = engines;
    if (!events) throw new SlipwayError("NOT_READY", "No events are taken in here: this platform only reads them.");
    return openIntake(
      { ...engines, events, turnedAway: keepsTurnedAway(platform.guard) },
      pushSources(platform),
      definitionsOf(project, "featureView"),
    );
  })();
  intake.current.catch(() => {
    intake.current = undefined;
  });
  return intake.current;
}

/** Takes events in, for one source or several; ends when they are safe. */
export async function pushEvents(
  platform: Platform,
  requests: readonly PushRequest[],
): Promise<readonly PushOutcome[]> {
  return (await openPushing(platform)).push(requests);
}
