// Who may do what: people and programs with their keys, what they were given of others' things, and what they said of versions.

/** Tables about people, what they may do, and what they approved. */
export interface AccessTables {
  readonly users: {
    readonly name: string;
    readonly role: string;
    /** The part of a key that says whose it is. */
    readonly key_id: string;
    /** The SHA-256 of the key: it cannot be read back. */
    readonly key_hash: string;
    readonly created_at: number;
    readonly key_at: number;
  };
  /** What a user may do with one experiment or model beyond what the role says; whoever makes one manages it. */
  readonly grants: {
    readonly user_name: string;
    readonly kind: string;
    readonly thing: string;
    readonly permission: string;
    readonly at: number;
  };
  /** What everybody may do with what others made, once an admin has said so. */
  readonly default_permission: {
    readonly id: number;
    readonly permission: string;
    readonly at: number;
  };
  readonly approvals: {
    readonly model: string;
    readonly number: number;
    readonly actor: string;
    readonly role: string;
    readonly at: number;
    readonly reason: string;
  };
}
