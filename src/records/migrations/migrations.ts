// The schema's history, oldest first; a migration's place in the list is its version. One that has shipped is never changed: add
// another. The SQL keeps to what SQLite and Postgres both understand.

import { runTables } from "./001-runs.ts";
import { versionTables } from "./002-versions.ts";
import { watchTables } from "./003-watch.ts";
import { quarantineTables } from "./004-quarantine.ts";
import { trackingTables } from "./005-tracking.ts";
import { webhookTables } from "./006-webhooks.ts";
import { versionFileTables } from "./007-version-files.ts";
import { accessTables } from "./008-access.ts";
import { provenanceTables } from "./009-provenance.ts";
import { leaseTables } from "./010-leases.ts";
import { deploymentTables } from "./011-deployments.ts";
import { runValueIndexes } from "./012-run-values.ts";
import { sealedSecretColumn } from "./013-sealed-secrets.ts";
import { studyTables } from "./014-studies.ts";
import { routeTables } from "./015-routes.ts";
import { lateRowColumn } from "./016-late-rows.ts";
import { permissionTables } from "./017-permissions.ts";
import { alertTables } from "./018-alerts.ts";
import { rampTables } from "./019-ramps.ts";
import { runMakerColumn } from "./020-run-makers.ts";

/** One step of the schema. */
export interface Migration {
  readonly name: string;
  /** SQL statements, one each. */
  statements(kind: "sqlite" | "postgres"): readonly string[];
}

/** All steps in order. */
export const migrations: readonly Migration[] = [
  { name: "runs", statements: runTables },
  { name: "versions", statements: versionTables },
  { name: "watch", statements: watchTables },
  { name: "quarantine", statements: quarantineTables },
  { name: "tracking", statements: trackingTables },
  { name: "webhooks", statements: webhookTables },
  { name: "version files", statements: versionFileTables },
  { name: "access", statements: accessTables },
  { name: "provenance", statements: provenanceTables },
  { name: "leases", statements: leaseTables },
  { name: "deployments", statements: deploymentTables },
  { name: "run values", statements: runValueIndexes },
  { name: "sealed secrets", statements: sealedSecretColumn },
  { name: "studies", statements: studyTables },
  { name: "routes", statements: routeTables },
  { name: "late rows", statements: lateRowColumn },
  { name: "permissions", statements: permissionTables },
  { name: "alerts", statements: alertTables },
  { name: "ramps", statements: rampTables },
  { name: "run makers", statements: runMakerColumn },
];
