// Who answers for one model now. Everything a look at the records asks for is loaded before anything changes, and then it changes in one
// step, so a request sees one whole state: before or after.

import { asSlipwayError, type SlipwayError } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import type { StandingVersions } from "../registry/registry.ts";
import type { AskedRow } from "../scoring/scoring.ts";
import type { Deployment } from "./deployment.ts";
import { type Lease, leaseOf, retire } from "./lease.ts";
import { type Mirror, newMirror } from "./shadow.ts";
import { keyText } from "./steering.ts";

/** A version that answers a share of the predictions, of a hundred. */
interface LiveCanary {
  readonly lease: Lease;
  readonly weight: number;
}

/** A version beside the champion as it stands here. */
export interface ServedBeside {
  readonly version: number;
  /** Columns of the matrix that it scores; absent while it is not at work. */
  readonly columns?: number;
  /** Why it could not be loaded, and nobody stands in its place; undefined when it is at work. */
  readonly problem: SlipwayError | undefined;
}

/** Who stands beside the champion. */
export interface ServedRoute {
  readonly canary: (ServedBeside & { readonly weight: number }) | undefined;
  readonly shadow: ServedBeside | undefined;
}

/** One model's place in serving. */
export interface Slot {
  readonly model: ModelSpec;
  /** A row's entity keys as one text; undefined for a model without keys. */
  readonly keyText: ((row: AskedRow) => string) | undefined;
  live: Lease | undefined;
  canary: LiveCanary | undefined;
  shadow: Lease | undefined;
  readonly mirror: Mirror;
  route: ServedRoute;
  /** Why the champion is not (or not yet) the version that answers. */
  problem: SlipwayError | undefined;
}

/** A slot that nothing is loaded for. */
export function emptySlot(model: ModelSpec): Slot {
  return {
    model,
    keyText: keyText(model),
    live: undefined,
    canary: undefined,
    shadow: undefined,
    mirror: newMirror(),
    route: { canary: undefined, shadow: undefined },
    problem: undefined,
  };
}

/** The versions that may answer. */
export function answering({ live, canary }: Slot): readonly Lease[] {
  return [...(live ? [live] : []), ...(canary ? [canary.lease] : [])];
}

/** Everything that is loaded. */
function held(slot: Slot): readonly Lease[] {
  return [...answering(slot), ...(slot.shadow ? [slot.shadow] : [])];
}

/** Brings a slot to what the records ask for. What cannot be loaded leaves the champion as it was, and the route without it. */
export async function follow(
  slot: Slot,
  wanted: StandingVersions,
  load: (model: ModelSpec, version: number) => Promise<Deployment>,
): Promise<void> {
  if (wanted.champion === undefined) return;
  const before = held(slot);
  const loaded = new Map(before.map((lease) => [lease.deployment.version, lease]));
  const leaseFor = async (version: number): Promise<Lease | SlipwayError> => {
    const known = loaded.get(version);
    if (known) return known;
    try {
      const fresh = leaseOf(await load(slot.model, version));
      loaded.set(version, fresh);
      return fresh;
    } catch (thrown) {
      return asSlipwayError(thrown);
    }
  };
  const champion = await leaseFor(wanted.champion);
  const canary = wanted.canary && (await leaseFor(wanted.canary.version));
  const shadow = wanted.shadow === null ? undefined : await leaseFor(wanted.shadow);
  if ("deployment" in champion) {
    slot.live = champion;
    slot.problem = undefined;
  } else slot.problem = champion;
  slot.canary =
    canary && "deployment" in canary && wanted.canary ? { lease: canary, weight: wanted.canary.weight } : undefined;
  slot.shadow = shadow && "deployment" in shadow ? shadow : undefined;
  slot.route = {
    canary: wanted.canary && canary ? { ...wanted.canary, ...standing(canary) } : undefined,
    shadow: wanted.shadow !== null && shadow ? { version: wanted.shadow, ...standing(shadow) } : undefined,
  };
  const after = new Set(held(slot));
  for (const lease of new Set([...before, ...loaded.values()])) if (!after.has(lease)) retire(lease);
}

function standing(found: Lease | SlipwayError): Pick<ServedBeside, "columns" | "problem"> {
  return "deployment" in found
    ? { columns: found.deployment.predictor.inputCount, problem: undefined }
    : { problem: found };
}

/** Frees everything. */
export function empty(slot: Slot): void {
  for (const lease of new Set(held(slot))) retire(lease);
  slot.live = undefined;
  slot.canary = undefined;
  slot.shadow = undefined;
}
