// Every table, by name. A table's interface says what a row holds; the SQL that makes it stands in migrations/. Columns named `*_at`,
// `at`, `through` and `window_*` are instants in microseconds; columns marked JSON hold text made by `toJson`.

import type { Selectable } from "kysely";
import type { AccessTables } from "./schema-access.ts";
import type { AlertTables } from "./schema-alerts.ts";
import type { GuardTables } from "./schema-guard.ts";
import type { ProvenanceTables } from "./schema-provenance.ts";
import type { RunTables } from "./schema-runs.ts";
import type { TrackingTables } from "./schema-tracking.ts";
import type { VersionTables } from "./schema-versions.ts";
import type { WatchTables } from "./schema-watch.ts";
import type { WebhookTables } from "./schema-webhooks.ts";

export type { AlertChange, AlertDeliveryStatus, AlertStatus } from "./schema-alerts.ts";
export type { QuarantineKind, QuarantineStatus } from "./schema-guard.ts";
export type { RunStatus } from "./schema-runs.ts";
export type { LoggedModelStatus } from "./schema-tracking.ts";
export type { DecisionVerdict, RampStatus } from "./schema-watch.ts";

/** All tables of the records. */
export interface Schema
  extends RunTables,
    TrackingTables,
    VersionTables,
    WatchTables,
    AlertTables,
    WebhookTables,
    GuardTables,
    AccessTables,
    ProvenanceTables {
  readonly slipway_migrations: { readonly version: number; readonly name: string };
}

/** A run as a query gives it. */
export type RunRow = Selectable<Schema["runs"]>;

/** A version as a query gives it. */
export type VersionRow = Selectable<Schema["versions"]>;
