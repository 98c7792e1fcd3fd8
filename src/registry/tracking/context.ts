import type { Outbound } from "../../ports/ports.ts";
import type { Write } from "../../records/records.ts";
import type { RegistryContext } from "../context.ts";
import type { Secrets } from "../secrets.ts";

/** What tracking works with. Times that clients tell and are told are whole milliseconds since the epoch. */
export interface TrackingContext extends RegistryContext {
  /** Writes that arrive together share a commit. */
  readonly write: Write;
  /** The way out to addresses that clients give; without it there are no webhooks. */
  readonly outbound?: Outbound;
  /** Seals the secrets that clients give; without it none are taken. */
  readonly secrets?: Secrets;
  /** The user who signed in, who manages what is made; absent where nobody has to sign in. */
  readonly user?: string;
}

/** A name with a text. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** Milliseconds as the records keep time. */
export const toMicros = (millis: number): number => millis * 1000;

/** Time from the records in milliseconds. */
export const toMillis = (micros: number): number => Math.floor(micros / 1000);

/** Now, as the records keep it. */
export const nowMicros = ({ clock }: RegistryContext): number => Number(clock.now());
