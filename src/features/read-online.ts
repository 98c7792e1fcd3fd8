// Online reads: the features of many rows' entities over many views, from one snapshot of the store, each with how fresh it is. A key that
// several rows share is fetched and decoded once per view.

import { type Duration, formatInstant, type Instant, SlipwayError, type Value } from "../core/core.ts";
import type { DerivedFeatureSpec, FeatureSpec, FeatureViewSpec } from "../define/define.ts";
import { isShowingStore, type OnlineKey, type OnlineStore } from "../ports/ports.ts";
import { encodeKey, keyValues, metaKey } from "./entity-key.ts";
import { decodeMeta } from "./materialize.ts";
import type { OnlineView } from "./online-view.ts";
import { type PlainReader, plainReader } from "./plain-rows.ts";
import { viewState } from "./state-bytes.ts";

/** How a key was found. `expired`: there is a row, older than the view's ttl. `missing`: nothing is known of this key, or the key is null. */
export type KeyStatus = "present" | "expired" | "missing";

/**
 * How one value was found: as its key, `null` where the key is there and its value is not, or `rejected` where the view expects another value,
 * which is null then.
 */
export type ValueStatus = KeyStatus | "null" | "rejected";

/** What reading one view for one key gave. */
export interface OnlineRead {
  readonly view: string;
  readonly values: Readonly<Record<string, Value>>;
  readonly status: KeyStatus;
  /** Time since the newest event of this key; null when there is none, or the source has no times. */
  readonly age: Duration | null;
  /** Everything known up to here is in the values; null when the view was never materialised. */
  readonly through: Instant | null;
  /** Features that the view's expectations made null; absent when there are none. */
  readonly rejected?: readonly string[];
  /** Features whose values are not as expected, and served with a warning; absent when there are none. */
  readonly warned?: readonly string[];
}

/** A view, or some of its features. */
export interface WantedView {
  readonly view: OnlineView;
  /** Places of features in the view; absent means all, in the view's order. */
  readonly places?: readonly number[];
  /** Whether an int64 may come as a number where one holds it exactly: faster, for who writes it out at once. Default false. */
  readonly asNumbers?: boolean;
}

/** One key of one view. */
export interface KeyRead {
  readonly status: KeyStatus;
  /** The newest event of this key; null when there is none, or the source has no times. */
  readonly event: Instant | null;
  /** The wanted features, in the order wanted. */
  readonly values: readonly Value[];
  /** Places among the values that the view's expectations made null, or warn of; absent when the view expects nothing. */
  readonly rejected?: readonly number[];
  readonly warned?: readonly number[];
}

/** One view for all rows. */
export interface ViewReads {
  readonly through: Instant | null;
  /** In the rows' order; rows with the same key share one read. */
  readonly keys: readonly KeyRead[];
}

/** Key values by name. */
export type KeyRow = Readonly<Record<string, Value | undefined>>;

/** Reads views for rows of key values, as of `at`: one transaction, one decode per key. Throws INPUT_INVALID when `at` is before what the store has moved on to. */
export async function readViews(
  online: OnlineStore,
  wanted: readonly WantedView[],
  rows: readonly KeyRow[],
  at: Instant,
): Promise<readonly ViewReads[]> {
  const asked: OnlineKey[] = [];
  const encoded = new Map<FeatureViewSpec["keys"], EncodedKeys>();
  const readers = wanted.map(({ view, places, asNumbers = false }) => {
    const { keys, name } = view.spec;
    // Views of one entity have the same keys, and the same bytes for them.
    const known = encoded.get(keys) ?? encodeKeys(keys, name, rows);
    encoded.set(keys, known);
    const { namespace } = view;
    const meta = asked.push({ namespace, key: metaKey }) - 1;
    for (const key of known.keys) asked.push({ namespace, key });
    const reads = new Array<KeyRead>(known.keys.length + 1);
    const plain = plainReaderOf(view.spec, places, asNumbers);
    return { view, features: places, plain, meta, rows: known.rows, reads, through: undefined as Instant | undefined };
  });
  type Reader = (typeof readers)[number];
  const read = ({ view, features, plain }: Reader, bytes: Uint8Array, over: DataView, length: number): KeyRead =>
    plain
      ? plain(bytes, over, length, at)
      : readKey(view, features, length < 0 ? undefined : bytes.subarray(0, length), at);
  let current = -1;
  let room: Uint8Array = NOTHING;
  let over: DataView = NO_VIEW;
  await eachValue(online, asked, (bytes, length, place) => {
    // What is asked of a view stands together, its bookkeeping first.
    if (readers[current + 1]?.meta === place) {
      current += 1;
      const reader = readers[current] as Reader;
      reader.through = knownThrough(reader.view, length < 0 ? undefined : bytes.subarray(0, length));
      if (reader.through !== undefined && !reader.view.isStatic) refusePast(reader.view, reader.through, at);
      return;
    }
    if (bytes !== room) {
      room = bytes;
      over = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const reader = readers[current] as Reader;
    // Before the watermark is there, what is there is a part of a first run.
    reader.reads[place - reader.meta] = read(reader, bytes, over, reader.through === undefined ? -1 : length);
  });
  return readers.map((reader) => {
    const { reads, through } = reader;
    const keys = reader.rows.map((place): KeyRead => {
      // Null keys share the first place, where nothing was read.
      reads[place] ??= read(reader, NOTHING, NO_VIEW, -1);
      return reads[place] as KeyRead;
    });
    return { through: through ?? null, keys };
  });
}

const NOTHING = new Uint8Array();
const NO_VIEW = new DataView(NOTHING.buffer);

/** Shows the values of keys in order, without copies where the store can. */
async function eachValue(
  online: OnlineStore,
  keys: readonly OnlineKey[],
  see: (bytes: Uint8Array, length: number, place: number) => void,
): Promise<void> {
  if (isShowingStore(online)) return online.show(keys, see);
  (await online.get(keys)).forEach((value, place) => {
    see(value ?? NOTHING, value?.length ?? -1, place);
  });
}

type PlainReaders = Map<boolean, PlainReader | undefined>;
/** Readers compiled so far, by view and then by the list of wanted places: whoever reads again and again keeps that list. */
const plainReaders = new WeakMap<FeatureViewSpec, WeakMap<object, PlainReaders>>();

function plainReaderOf(
  spec: FeatureViewSpec,
  places: readonly number[] | undefined,
  asNumbers: boolean,
): PlainReader | undefined {
  const ofView = plainReaders.get(spec) ?? new WeakMap<object, PlainReaders>();
  plainReaders.set(spec, ofView);
  const known: PlainReaders = ofView.get(places ?? spec) ?? new Map();
  ofView.set(places ?? spec, known);
  if (!known.has(asNumbers)) known.set(asNumbers, plainReader(spec, places, asNumbers));
  return known.get(asNumbers);
}

/** Watermarks as they were last read: they change with a materialisation, and are read with every request. */
const lastThrough = new WeakMap<OnlineView, { readonly stored: Uint8Array; readonly through: Instant | undefined }>();

function knownThrough(view: OnlineView, stored: Uint8Array | undefined): Instant | undefined {
  if (!stored) return undefined;
  const last = lastThrough.get(view);
  if (last && Buffer.compare(last.stored, stored) === 0) return last.through;
  const through = decodeMeta(stored);
  lastThrough.set(view, { stored: Uint8Array.from(stored), through });
  return through;
}

/** The different keys of some rows. */
interface EncodedKeys {
  readonly keys: readonly Uint8Array[];
  /** Per row the place of its key, counted from 1; 0 for a null key. */
  readonly rows: readonly number[];
}

function encodeKeys(columns: FeatureViewSpec["keys"], view: string, rows: readonly KeyRow[]): EncodedKeys {
  const known = new Map<Value | string, number>();
  const keys: Uint8Array[] = [];
  const what = `Feature view "${view}"`;
  const places = rows.map((row) => {
    const values = keyValues(columns, row, what);
    // A key of one value is its own mark; a longer one is marked by its bytes.
    const bare = columns.length === 1 ? values[0] : undefined;
    const seen = bare === undefined ? undefined : known.get(bare);
    if (seen !== undefined) return seen;
    const key = encodeKey(columns, values);
    if (!key) return 0;
    const mark = bare ?? Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
    const before = known.get(mark);
    if (before !== undefined) return before;
    const place = keys.push(key);
    known.set(mark, place);
    return place;
  });
  return { keys, rows: places };
}

function readKey(
  view: OnlineView,
  features: readonly number[] | undefined,
  stored: Uint8Array | undefined,
  at: Instant,
): KeyRead {
  const state = stored ? viewState(view.shape, stored) : undefined;
  const { newest, ...read } = view.read(state, at, features);
  const status = state === undefined ? "missing" : isExpired(view, newest, at) ? "expired" : "present";
  return { status, event: newest ?? null, ...read };
}

function isExpired({ spec }: OnlineView, newest: Instant | undefined, at: Instant): boolean {
  return spec.ttl !== undefined && newest !== undefined && at - newest > spec.ttl;
}

function refusePast({ spec }: OnlineView, through: Instant, at: Instant): void {
  if (at < through)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Feature view "${spec.name}" is materialised up to ${formatInstant(through)}, which is after ${formatInstant(at)}. Online values go forward only; read the past from a training set.`,
    );
}

/**
 * How the value at a place of a key's read was found. A window is not clipped by the ttl, so its value can be present where the newest row has
 * expired.
 */
export function valueStatus(
  feature: FeatureSpec | DerivedFeatureSpec,
  { status, values, rejected }: KeyRead,
  place: number,
): ValueStatus {
  if (rejected?.includes(place)) return "rejected";
  const isNull = (values[place] ?? null) === null;
  // A derived value can be there where what it is made of is not.
  if (!("rule" in feature)) return isNull ? (status === "present" ? "null" : status) : "present";
  if (status === "missing" || (status === "expired" && feature.rule.kind !== "window")) return status;
  return isNull ? "null" : "present";
}

/** Reads `views` for one row of key values, as of `at`. Throws INPUT_INVALID when `at` is before what the store has moved on to. */
export async function readOnline(
  online: OnlineStore,
  views: readonly OnlineView[],
  row: KeyRow,
  at: Instant,
): Promise<readonly OnlineRead[]> {
  const [reads = []] = await readRows(online, views, [row], at);
  return reads;
}

/** Does the same for many rows at once: per row, one read per view. */
export async function readRows(
  online: OnlineStore,
  views: readonly OnlineView[],
  rows: readonly KeyRow[],
  at: Instant,
): Promise<readonly (readonly OnlineRead[])[]> {
  const read = await readViews(
    online,
    views.map((view) => ({ view })),
    rows,
    at,
  );
  return rows.map((_, row) =>
    views.map(({ spec }, index): OnlineRead => {
      const { through, keys } = read[index] as ViewReads;
      const { status, event, values, rejected = [], warned = [] } = keys[row] as KeyRead;
      const named: Record<string, Value> = {};
      spec.features.forEach(({ name }, place) => {
        named[name] = values[place] ?? null;
      });
      const names = (places: readonly number[]): readonly string[] =>
        places.map((place) => spec.features[place]?.name ?? "");
      return {
        view: spec.name,
        values: named,
        status,
        age: event === null ? null : at - event,
        through,
        ...(rejected.length === 0 ? {} : { rejected: names(rejected) }),
        ...(warned.length === 0 ? {} : { warned: names(warned) }),
      };
    }),
  );
}
