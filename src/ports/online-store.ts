// An engine must: make `update` one transaction (all or nothing, also after kill -9, serialised against other updates of the
// namespace from any process); let `get` see one consistent snapshot of all its keys; and keep namespaces apart. It stores bytes
// and knows nothing of features: what the bytes mean, and that an older event never wins, is decided once, in `features`.

/** One key to read. */
export interface OnlineKey {
  readonly namespace: string;
  readonly key: Uint8Array;
}

/** Bytes under keys, by namespace. */
export interface OnlineStore {
  /** The values, in the order asked; undefined where there is none. */
  get(keys: readonly OnlineKey[]): Promise<readonly (Uint8Array | undefined)[]>;
  /**
   * Reads `keys` of a namespace, lets `change` say what they become (undefined deletes) and writes that, as one transaction.
   * `change` must be pure and synchronous: an engine may call it again when another writer came first.
   */
  update(
    namespace: string,
    keys: readonly Uint8Array[],
    change: (current: readonly (Uint8Array | undefined)[]) => readonly (Uint8Array | undefined)[],
  ): Promise<void>;
  /** Every entry of a namespace, ordered by key. */
  scan(namespace: string): AsyncIterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
  /** Removes a namespace with all its entries. */
  drop(namespace: string): Promise<void>;
  close(): Promise<void>;
}

/** What `update` takes, for one of several namespaces. */
export interface OnlineChange {
  readonly namespace: string;
  readonly keys: readonly Uint8Array[];
  /**
   * How many of the last keys `change` does not look at: it may be given undefined for them, whatever they hold, and they are written all the
   * same. Default 0.
   */
  readonly unread?: number;
  readonly change: (current: readonly (Uint8Array | undefined)[]) => readonly (Uint8Array | undefined)[];
}

/** A store that can change several namespaces as one transaction; not every engine can. */
export interface JointOnlineStore extends OnlineStore {
  /** Does what `update` does for each change, all or nothing. */
  updateTogether(changes: readonly OnlineChange[]): Promise<void>;
}

/** Whether a store can change several namespaces as one transaction. */
export function isJointStore(store: OnlineStore): store is JointOnlineStore {
  return "updateTogether" in store;
}

/** A store that can show values where they lie, without copies; not every engine can. */
export interface ShowingOnlineStore extends OnlineStore {
  /**
   * Shows the value of each key in order, from one snapshot: the first `length` bytes of `room`, or a length of -1 where there is none. They are
   * good only until `see` returns, for the room may be the same for all.
   */
  show(keys: readonly OnlineKey[], see: (room: Uint8Array, length: number, place: number) => void): void;
}

/** Whether a store can show values where they lie. */
export function isShowingStore(store: OnlineStore): store is ShowingOnlineStore {
  return "show" in store;
}
