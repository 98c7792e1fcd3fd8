// Expectations and the quarantine from the outside: what runs ask of their sources, what people check, see, and let go of.

import { type Instant, SlipwayError } from "../core/core.ts";
import {
  definitionsOf,
  type FeatureViewSpec,
  findDefinition,
  type ModelSpec,
  type SourceSpec,
} from "../define/define.ts";
import { holdingView, onlineView } from "../features/features.ts";
import {
  closePushed,
  dropQuarantine,
  type Enforced,
  enforce,
  type Finding,
  listQuarantine,
  lookAt,
  lookAtView,
  type Proposals,
  proposeForSource,
  proposeForView,
  pushedRows,
  type QuarantineBatch,
  type QuarantinedRow,
  type QuarantineFilter,
  type Released,
  readQuarantine,
  releasable,
  release,
  setAside,
} from "../guard/guard.ts";
import { requireApplied } from "./apply.ts";
import type { Platform } from "./open.ts";
import { isPushSource, pushEvents } from "./push-operations.ts";

/** Told of what enforcing expectations found, where it found anything. */
export type OnEnforced = (found: Enforced) => void;

/** Holds sources to their expectations, up to everything known at `to`. Throws EXPECTATION_FAILED for what stops a run. */
export async function enforceSources(
  platform: Platform,
  sources: readonly SourceSpec[],
  to: Instant,
  onEnforced?: OnEnforced,
): Promise<void> {
  const found = await enforce(platform.guard, sources, to);
  if (found.warnings.length + found.setAside.length > 0) onEnforced?.(found);
}

/** The sources that a model's training set is made of. */
export function sourcesOf({ rows, label, views }: ModelSpec): readonly SourceSpec[] {
  return [rows, label.source, ...views.map(({ source }) => source)];
}

/** Looks at every expectation of the project's sources and views, or of one of them, as of now. Throws DEFINITION_NOT_FOUND. */
export async function checkExpectations(
  { project, engines, guard }: Platform,
  name?: string,
): Promise<readonly Finding[]> {
  const now = engines.clock.now();
  const isAsked = (each: { readonly name: string }): boolean => name === undefined || each.name === name;
  const sources = definitionsOf(project, "source").filter(isAsked);
  const views = definitionsOf(project, "featureView").filter(isAsked);
  if (name !== undefined && sources.length + views.length === 0) findDefinition(project, "source", name);
  const found: Finding[] = [];
  for (const source of sources) {
    await engines.offline.check(source);
    found.push(...(await lookAt(guard, source, now)));
  }
  for (const view of views) found.push(...(await lookAtView(guard, view, now)));
  return found;
}

/** The batches of rows that were set aside, newest first. */
export function listQuarantined(
  platform: Platform,
  filter: QuarantineFilter = {},
): Promise<readonly QuarantineBatch[]> {
  return listQuarantine(platform.guard, filter);
}

/** One held batch with its first rows. Throws QUARANTINE_NOT_FOUND. */
export function readQuarantined(
  platform: Platform,
  batch: string,
  limit?: number,
): Promise<{ readonly batch: QuarantineBatch; readonly rows: readonly QuarantinedRow[] }> {
  return readQuarantine(platform.guard, batch, limit);
}

/** Lets go of one batch, or of all that a source holds. Throws QUARANTINE_NOT_FOUND. */
export function dropQuarantined(
  { guard, project }: Platform,
  which: { readonly batch: string } | { readonly source: string },
): Promise<readonly QuarantineBatch[]> {
  const asked = "batch" in which ? which : { source: findDefinition(project, "source", which.source) };
  return dropQuarantine(guard, asked, definitionsOf(project, "source"));
}

/** Proposes what to expect of a source's rows or a view's values, from what is there. Throws DEFINITION_NOT_FOUND. */
export async function proposeExpectations(platform: Platform, name: string, sample: number): Promise<Proposals> {
  const { project, engines, guard } = platform;
  const now = engines.clock.now();
  const source = definitionsOf(project, "source").find((each) => each.name === name);
  if (source) return proposeForSource(guard, source, now, sample);
  const view = definitionsOf(project, "featureView").find((each) => each.name === name);
  if (view) return proposeForView(guard, view, now, sample);
  const names = [...definitionsOf(project, "source"), ...definitionsOf(project, "featureView")].map(
    (each) => each.name,
  );
  throw new SlipwayError(
    "DEFINITION_NOT_FOUND",
    `Project "${project.name}" has no source or feature view "${name}". It has: ${names.join(", ")}.`,
  );
}

/** Looks again at what was set aside, of one source, one batch or everything, and lets in what passes now. Throws QUARANTINE_NOT_FOUND. */
export async function replayQuarantined(
  platform: Platform,
  which: { readonly source?: string; readonly batch?: string } = {},
): Promise<readonly Released[]> {
  const { project, guard, engines } = platform;
  await requireApplied(platform);
  const sources =
    which.source === undefined ? definitionsOf(project, "source") : [findDefinition(project, "source", which.source)];
  // What was set aside under other expectations is looked at under these first.
  for (const source of sources)
    if (source.expect !== undefined) {
      await engines.offline.check(source);
      await setAside(guard, source, engines.clock.now());
    }
  const released: Released[] = [];
  for (const { source, batch } of await releasable(guard, sources, which.batch)) {
    // What was pushed and taken in never changes: only what was turned away can come again.
    if (isPushSource(source) && batch.kind !== "pushed") continue;
    if (batch.kind === "pushed") {
      released.push(await pushAgain(platform, source, batch));
      continue;
    }
    const views = definitionsOf(project, "featureView").filter((view) => view.source.name === source.name);
    released.push(await holdingAll(engines, views, () => release(guard, engines.online, source, views, batch)));
  }
  return released;
}

/** Does something to several views that nobody else is at. Throws STATE_LOCKED. */
function holdingAll<T>(
  engines: Platform["engines"],
  [view, ...others]: readonly FeatureViewSpec[],
  work: () => Promise<T>,
): Promise<T> {
  if (!view) return work();
  return holdingView(engines, onlineView(view), () => holdingAll(engines, others, work));
}

/** So many events are pushed together. */
const PUSHED_TOGETHER = 5_000;

/**
 * Pushes events again that were turned away: those that pass now become known now, once each by their id; the others are turned away anew. Throws
 * STATE_LOCKED while a server takes events in.
 */
async function pushAgain(
  platform: Platform,
  source: SourceSpec,
  batch: QuarantineBatch & { readonly blob: string },
): Promise<Released> {
  const { guard } = platform;
  const rows = await pushedRows(guard, source, batch.blob);
  let held = 0;
  for (let from = 0; from < rows.length; from += PUSHED_TOGETHER) {
    const events = rows.slice(from, from + PUSHED_TOGETHER);
    for (const { rejected } of await pushEvents(platform, [{ source: source.name, events }])) held += rejected.length;
  }
  await closePushed(guard, batch, held);
  return { batch: batch.id, source: source.name, before: batch.rows, held, keys: {} };
}
