// An engine must: tell an alert's change on a channel once for each call, under the notice's own id wherever the other side has a place for one;
// send only through the guarded way out; look secrets up when it sends and put them in no outcome; and make what users wrote into text, never markup.

import type { Duration, Severity } from "../core/core.ts";
import type { ChannelSpec } from "../define/define.ts";

/** Something that became of an alert, as channels are told; times in ISO 8601. */
export interface Notice {
  /** The same at every attempt: receivers tell repeats by it. */
  readonly id: string;
  /** What happened; `test` for a notice that is about nothing. */
  readonly change:
    | "opened"
    | "reopened"
    | "escalated"
    | "reminded"
    | "acknowledged"
    | "resolved"
    | "commented"
    | "test";
  readonly at: string;
  /** Who did it. */
  readonly by: string;
  readonly note: string | null;
  readonly project: string;
  readonly alert: {
    readonly id: string;
    readonly monitor: string;
    readonly model: string;
    readonly version: number | null;
    readonly kind: string;
    readonly subject: string;
    readonly severity: Severity;
    readonly status: string;
    readonly openedAt: string;
    readonly windowFrom: string;
    readonly windowTo: string;
    readonly timesSeen: number;
    readonly evidence: unknown;
  };
  readonly incident: {
    readonly id: string;
    readonly severity: Severity;
    readonly openedAt: string;
    /** How many of its alerts are not resolved. */
    readonly unresolved: number;
  };
}

/** What came of telling. */
export type NoticeOutcome =
  | {
      readonly kind: "delivered";
      /** What the channel made of the incident, by its name there; told again with the next notice of the same incident. */
      readonly reference?: string;
    }
  | {
      readonly kind: "failed";
      readonly problem: string;
      /** Doing the same again would fail the same. */
      readonly isFinal: boolean;
      /** How long the other side asked to be left alone. */
      readonly retryAfter?: Duration;
    };

/** Tells alerts to people. */
export interface Notifier {
  /** Throws nothing that the other side or the network may do: that is an outcome. */
  send(notice: Notice, channel: ChannelSpec, reference?: string): Promise<NoticeOutcome>;
}
