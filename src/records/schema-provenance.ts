// What runs were made with beside data and parameters. A list of packages is the same for most runs, and is stored once.

/** Tables about what runs were made with. */
export interface ProvenanceTables {
  readonly package_sets: {
    /** The content hash of the document. */
    readonly hash: string;
    /** JSON: lockfile, direct and resolved packages. */
    readonly document: string;
  };
  readonly run_provenance: {
    readonly run_id: string;
    /** JSON: code, command, machine, engines, seeds. */
    readonly document: string;
    readonly package_set: string | null;
    /** JSON: what the run used; null until it has ended. */
    readonly resources: string | null;
  };
}
