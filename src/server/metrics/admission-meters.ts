import { Counter, Gauge, type Registry } from "prom-client";
import type { Admission } from "../../platform/platform.ts";

/** Measures who is under way, who waits and who was not let in, by model. */
export function admissionMeters(registers: Registry[], admission: Admission): void {
  new Gauge({
    name: "slipway_model_requests_running",
    help: "Requests to a model that are under way.",
    labelNames: ["model"],
    registers,
    collect() {
      for (const { model, running } of admission.states()) this.set({ model }, running);
    },
  });
  new Gauge({
    name: "slipway_model_requests_waiting",
    help: "Requests to a model that wait for their turn.",
    labelNames: ["model"],
    registers,
    collect() {
      for (const { model, waiting } of admission.states()) this.set({ model }, waiting);
    },
  });
  new Counter({
    name: "slipway_model_requests_dropped_total",
    help: "Requests to a model that were never begun: rejected since too many waited, expired, or abandoned by whoever asked.",
    labelNames: ["model", "reason"],
    registers,
    collect() {
      this.reset();
      for (const { model, rejected, expired, abandoned } of admission.states())
        for (const [reason, dropped] of Object.entries({ rejected, expired, abandoned }))
          this.inc({ model, reason }, dropped);
    },
  });
}
