// Who may write the event log: one process at a time. The mark of the owner lies in the online store, whose transactions every process
// takes in turn, so that of two that find a dead owner's mark only one takes over.

import { SlipwayError } from "../core/core.ts";
import type { OnlineStore } from "../ports/ports.ts";

/** What tells processes apart. */
export interface Processes {
  /** A mark of this process. */
  readonly mark: string;
  /** Whether the process of a mark still runs. */
  readonly isAlive: (mark: string) => boolean;
}

const place = { namespace: "event log", key: Uint8Array.of(0) };
const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0);

/** Makes this process the owner. Gives what ends that; throws STATE_LOCKED while another one is. */
export async function takeOwnership(online: OnlineStore, { mark, isAlive }: Processes): Promise<() => Promise<void>> {
  const own = new TextEncoder().encode(mark);
  const [found] = await online.get([place]);
  const owner = found && new TextDecoder().decode(found);
  if (owner !== undefined && (owner === mark || isAlive(owner))) throw locked(owner);
  await online.update(place.namespace, [place.key], ([current]) => {
    if (!same(current, found)) throw locked(current ? new TextDecoder().decode(current) : "another process");
    return [own];
  });
  return () => online.update(place.namespace, [place.key], ([current]) => [same(current, own) ? undefined : current]);
}

function locked(owner: string): SlipwayError {
  const { pid } = owner.startsWith("{") ? (JSON.parse(owner) as { readonly pid?: number }) : {};
  const who = pid === undefined ? owner : `process ${pid}`;
  return new SlipwayError(
    "STATE_LOCKED",
    `Pushed events of this project are taken in by ${who}. Send them to its server (slipway push --url), or stop it first.`,
    { details: { owner: pid ?? owner } },
  );
}
