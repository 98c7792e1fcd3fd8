// What was made: training sets and model versions never change once they are here; an alias is the one thing that moves.

import type { Generated } from "kysely";

/** Tables about datasets, models, their versions and aliases. */
export interface VersionTables {
  readonly datasets: DatasetRow;
  readonly models: {
    readonly name: string;
    readonly created_at: number;
    readonly description: string | null;
    readonly updated_at: number | null;
  };
  readonly versions: VersionRow;
  /** What a version consists of: paths, and the content they name for good. */
  readonly version_files: {
    readonly model: string;
    readonly number: number;
    readonly path: string;
    /** SHA-256, in hex. */
    readonly hash: string;
    readonly size: number;
  };
  /** Where an alias points now; where it pointed before stands in `audit`. */
  readonly aliases: {
    readonly model: string;
    readonly alias: string;
    readonly version: number;
    readonly moved_at: number;
  };
  /** Who answers or listens beside a model's champion now; how it was before stands in `audit`. */
  readonly routes: {
    readonly model: string;
    readonly canary: number | null;
    /** How many of a hundred predictions the canary answers; null without a canary. */
    readonly weight: number | null;
    readonly shadow: number | null;
    /** From 1, one more with every change. */
    readonly revision: number;
    readonly moved_at: number;
  };
}

interface DatasetRow {
  /** The content hash. */
  readonly id: string;
  readonly model: string;
  readonly definitions_hash: string;
  readonly row_count: number;
  /** JSON: the schema. */
  readonly columns: string;
  readonly blob: string;
  readonly time_from: number | null;
  readonly time_to: number | null;
  /** JSON. */
  readonly label_stats: string;
  /** JSON: what the quality checks found. */
  readonly findings: string;
  /** JSON: the source files with their hashes. */
  readonly sources: string;
  readonly created_at: number;
}

interface VersionRow {
  readonly model: string;
  /** From 1, per model. */
  readonly number: number;
  readonly created_at: number;
  readonly run_id: string | null;
  readonly dataset_id: string | null;
  readonly definitions_hash: string;
  readonly artifact_blob: string;
  readonly artifact_hash: string;
  readonly artifact_size: number;
  readonly format: string;
  readonly best_round: number;
  /** JSON: the model's inputs in matrix order. */
  readonly inputs: string;
  /** JSON: the features with types and hashes, as training read them. */
  readonly features: string;
  /** JSON: numbers by name. */
  readonly metrics: string;
  /** JSON: the training distribution that monitors compare with. */
  readonly profile: string;
  /** JSON: git, packages, engines, node, seed. */
  readonly environment: string;
  /** JSON: total gain by input, greatest first; null where nobody told. */
  readonly importance: string | null;
  readonly description: string | null;
  readonly updated_at: number | null;
  readonly actor: string | null;
  /** Where a client said that the version's files are. */
  readonly source: string | null;
  readonly run_link: string | null;
  readonly logged_model_id: string | null;
  /** JSON: where a version came from that was made elsewhere; null for one that was made here. */
  readonly origin: string | null;
  /** What older clients call a version's place: None, Staging, Production or Archived. */
  readonly stage: Generated<string>;
}
