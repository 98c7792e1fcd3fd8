import type { Deployment } from "./deployment.ts";
import { newTally, type VersionTally } from "./version-tally.ts";

/** A deployment with the requests that use it: what is retired is closed when the last of them has ended. */
export interface Lease {
  readonly deployment: Deployment;
  /** What it was asked for since it was loaded. */
  readonly tally: VersionTally;
  users: number;
  retired: boolean;
}

/** A deployment that nobody uses yet. */
export function leaseOf(deployment: Deployment): Lease {
  return { deployment, tally: newTally(), users: 0, retired: false };
}

/** Notes one more request. */
export function take(lease: Lease): Lease {
  lease.users += 1;
  return lease;
}

/** Notes that a request has ended. */
export function give(lease: Lease): void {
  lease.users -= 1;
  if (lease.retired && lease.users === 0) lease.deployment.predictor.close();
}

/** No request will begin with it any more. */
export function retire(lease: Lease): void {
  lease.retired = true;
  if (lease.users === 0) lease.deployment.predictor.close();
}
