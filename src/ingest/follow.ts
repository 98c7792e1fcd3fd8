// What follows the events of one source: the ids it has seen, and every view over it. Each keeps its own position beside what it knows, so
// a batch that reached only some of them is taken up by the others later, and by none twice.

import type { FeatureViewSpec, PushSpec } from "../define/define.ts";
import {
  type EventBatch,
  type EventMark,
  eventMark,
  eventsAfter,
  foldChange,
  onlineView,
} from "../features/features.ts";
import { isJointStore, type OfflineEngine, type OnlineChange, type OnlineStore } from "../ports/ports.ts";
import type { RowWriter } from "./event-line.ts";
import { idsOf, type KnownId, keepIds, keptPosition } from "./known-ids.ts";

/** Follows one source. */
export interface Followers {
  /** The number of the last event that all have. */
  position(): bigint;
  /** When the first waiting event becomes known; undefined when none waits. */
  nextKnown(): bigint | undefined;
  /** Gives all of them a batch that follows directly on what they have. */
  take(batch: EventBatch, ids: readonly KnownId[]): Promise<void>;
  /** Brings each from where its own position stands up to `number`. */
  catchUp(number: bigint): Promise<void>;
}

/** The followers of a source, as they stand in the store. */
export async function followersOf(
  { offline, online }: { readonly offline: OfflineEngine; readonly online: OnlineStore },
  source: PushSpec,
  specs: readonly FeatureViewSpec[],
  writer: RowWriter,
): Promise<Followers> {
  const views = specs.map(onlineView);
  let idPosition = 0n;
  let marks: EventMark[] = [];

  const look = async (): Promise<void> => {
    idPosition = (await keptPosition(online, source)).number;
    marks = await Promise.all(views.map((view) => eventMark(online, view)));
  };

  const takeView = async (index: number, batch: EventBatch): Promise<void> => {
    const [view, mark] = [views[index], marks[index]];
    if (!view || !mark) return;
    const step = foldChange(view, mark, batch);
    await apply(online, [step.change]);
    marks[index] = step.mark;
  };

  await look();
  return {
    position: () => marks.reduce((least, { position }) => (position < least ? position : least), idPosition),
    nextKnown: () =>
      marks.reduce<bigint | undefined>((first, { waiting }) => {
        const own = waiting.reduce<bigint | undefined>(
          (a, { known }) => (a === undefined || known < a ? known : a),
          first,
        );
        return own;
      }, undefined),
    async take(batch, ids) {
      const steps = views.map((view, index) => foldChange(view, marks[index] as EventMark, batch));
      await apply(online, [keepIds(source, ids, batch), ...steps.map(({ change }) => change)]);
      idPosition = batch.last;
      marks = steps.map(({ mark }) => mark);
    },
    async catchUp(number) {
      await offline.check(source);
      await look();
      for await (const batch of eventsAfter(offline, source, idPosition, { number }, "all")) {
        await apply(online, [keepIds(source, idsOf(source, writer, batch), batch)]);
        idPosition = batch.last;
      }
      for (const [index, mark] of marks.entries())
        for await (const batch of eventsAfter(offline, source, mark.position, { number })) await takeView(index, batch);
    },
  };
}

async function apply(online: OnlineStore, changes: readonly OnlineChange[]): Promise<void> {
  if (isJointStore(online)) return online.updateTogether(changes);
  for (const { namespace, keys, change } of changes) await online.update(namespace, keys, change);
}
