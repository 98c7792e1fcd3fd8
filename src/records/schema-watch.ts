// The tables through which the loop closes: monitors write alerts (schema-alerts.ts), retraining reads them and writes decisions, and everything that
// moves leaves a line in the audit trail.

import type { Generated } from "kysely";

/** How a retraining ended; `held`: better, but something else that its model asks for is missing. */
export type DecisionVerdict = "promoted" | "refused" | "held" | "failed";

/** Where a ramp stands; `finished`: its last step is done and leaves the champion a share; `ended`: somebody moved the route. */
export type RampStatus = "running" | "promoted" | "finished" | "rolled back" | "ended";

/** Tables about what is defined, materialised, watched, decided and done. */
export interface WatchTables {
  readonly definitions_applied: DefinitionRow;
  readonly materializations: {
    readonly id: Generated<number>;
    readonly view: string;
    readonly definition_hash: string;
    /** Everything known up to here is online. */
    readonly through: number;
    readonly row_count: number;
    readonly at: number;
  };
  /** What one process at a time does: `holder` is its mark. */
  readonly leases: { readonly name: string; readonly holder: string; readonly since: number; readonly until: number };
  /** What running servers answer with; of one that was killed a row stays until the next server looks. */
  readonly deployments: {
    /** The mark of the server's process. */
    readonly owner: string;
    readonly model: string;
    readonly version: number;
    readonly since: number;
  };
  /** How a canary's share goes up by itself; one that ended keeps its row. */
  readonly ramps: {
    readonly model: string;
    readonly canary: number;
    /** JSON. */
    readonly plan: string;
    readonly step: number;
    readonly since: number;
    readonly revision: number;
    readonly started_at: number;
    readonly status: RampStatus;
    readonly reason: string;
  };
  /** What servers saw of a ramp; `observed` is JSON. */
  readonly ramp_observations: {
    readonly model: string;
    readonly revision: number;
    readonly server: string;
    readonly observed: string;
  };
  readonly monitor_runs: MonitorRunRow;
  readonly decisions: DecisionRow;
  readonly audit: {
    readonly seq: Generated<number>;
    readonly at: number;
    readonly actor: string;
    /** What was done, e.g. `alias.moved`. */
    readonly action: string;
    /** What it was done to, e.g. `flight_delay@champion`. */
    readonly subject: string;
    /** JSON. */
    readonly details: string;
  };
}

interface DefinitionRow {
  readonly id: Generated<number>;
  readonly project: string;
  readonly hash: string;
  readonly kind: string;
  readonly name: string;
  /** JSON. */
  readonly spec: string;
  readonly applied_at: number;
  /** When another took its place or it was removed; null for the current one. */
  readonly superseded_at: number | null;
}

interface MonitorRunRow {
  readonly id: string;
  readonly monitor: string;
  readonly model: string;
  readonly version: number | null;
  readonly at: number;
  readonly window_from: number;
  readonly window_to: number;
  readonly status: string;
  /** JSON. */
  readonly details: string;
}

interface DecisionRow {
  readonly id: string;
  readonly retrain: string;
  readonly model: string;
  readonly challenger: number | null;
  readonly champion: number | null;
  readonly at: number;
  readonly verdict: DecisionVerdict;
  readonly reason: string;
  /** JSON: the figures it rests on. */
  readonly evidence: string;
  /** JSON: the alerts it answers. */
  readonly alert_ids: string;
}
