import { type TestRegistry, testRegistry } from "../registry.fixture.ts";
import { openTracking, type TrackingContext } from "./tracking.ts";

/** Tracking on a registry of its own. */
export type TestTracking = TrackingContext & TestRegistry;

/** Opens tracking in a new folder. */
export async function testTracking(): Promise<TestTracking> {
  const registry = await testRegistry();
  return { ...(await openTracking(registry)), ...registry };
}
