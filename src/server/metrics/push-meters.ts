import { Counter, Gauge, type Registry } from "prom-client";
import type { Intake, PushOutcome } from "../../platform/platform.ts";

/** What is measured of pushes; gives what counts one. */
export function pushMeters(registers: Registry[], intake: Intake): (outcome: PushOutcome) => void {
  const events = new Counter({
    name: "slipway_push_events_total",
    help: "Events pushed, by what became of them: accepted, duplicate, rejected.",
    labelNames: ["source", "outcome"],
    registers,
  });
  for (const { source } of intake.states())
    for (const outcome of ["accepted", "duplicate", "rejected"]) events.inc({ source, outcome }, 0);
  new Gauge({
    name: "slipway_push_lag_events",
    help: "Acknowledged events that are not online yet.",
    labelNames: ["source"],
    registers,
    collect() {
      for (const { source, lag } of intake.states()) this.set({ source }, lag);
    },
  });
  new Gauge({
    name: "slipway_push_log_bytes",
    help: "Bytes of the event log that are not compacted yet.",
    labelNames: ["source"],
    registers,
    collect() {
      for (const { source, logBytes } of intake.states()) this.set({ source }, logBytes);
    },
  });
  return ({ source, accepted, duplicates, rejected }) => {
    events.inc({ source, outcome: "accepted" }, accepted);
    events.inc({ source, outcome: "duplicate" }, duplicates);
    events.inc({ source, outcome: "rejected" }, rejected.length);
  };
}
