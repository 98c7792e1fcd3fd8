/** Something that could not be carried over, or not with the same meaning. */
export interface Note {
  /** What: `feature view "driver_stats"`. */
  readonly what: string;
  /** Where it stands: `features.py:12`. */
  readonly where: string;
  readonly why: string;
}

/** Collects notes. */
export interface Notes {
  readonly all: readonly Note[];
  add(what: string, where: string, why: string): void;
}

/** An empty collection; the same thing said twice is kept once. */
export function newNotes(): Notes {
  const all: Note[] = [];
  return {
    all,
    add(what, where, why) {
      if (!all.some((note) => note.what === what && note.why === why)) all.push({ what, where, why });
    },
  };
}
