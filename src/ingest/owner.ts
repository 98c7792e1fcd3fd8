import { SlipwayError } from "../core/core.ts";
import { ownerOf, type Processes, takeOwnership } from "../features/features.ts";
import type { OnlineStore } from "../ports/ports.ts";

/** Makes this process the one that may write the event log. Gives what ends that; throws STATE_LOCKED while another one is. */
export function ownEventLog(online: OnlineStore, processes: Processes): Promise<() => Promise<void>> {
  const locked = (mark: string): SlipwayError => {
    const { text, owner } = ownerOf(mark);
    return new SlipwayError(
      "STATE_LOCKED",
      `Pushed events of this project are taken in by ${text}. Send them to its server (slipway push --url), or stop it first.`,
      { details: { owner } },
    );
  };
  return takeOwnership(online, processes, { place: { namespace: "event log", key: Uint8Array.of(0) }, locked });
}
