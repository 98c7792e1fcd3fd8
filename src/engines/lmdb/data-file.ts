// Whether a data file is whole, asked before it is opened. LMDB maps the file into memory and trusts it: where a page that the tree names lies
// beyond the end of the file, the first read of it ends the process (SIGBUS), and no code can catch that. The layout is that of
// liblmdb/mdb.c (MDB_page_header, MDB_meta, MDB_db, MDB_node) as lmdb-js builds it, on a little-endian machine with 64 bits.
//
// Most files reach up to the last page their newest meta page counts, and then nothing more is read. One that is shorter may still be whole,
// because pages at the end that became free before they were ever written are counted too; its tree tells.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { asSlipwayError, SlipwayError } from "../../core/core.ts";

const MAGIC = 0xbeefc0de;
const META_PAGES = 2;
const PAGE_HEADER = 24;
const FLAGS_AT = 18;
const LOWER_AT = 20;
const META_BYTES = 168;
const NODE_HEADER = 8;
const BRANCH = 0x01;
const LEAF = 0x02;
const ON_OTHER_PAGES = 0x01;
const NO_ROOT = 2n ** 64n - 1n;
/** Who writes meanwhile moves the tree on; a walk over the old one then says nothing. */
const TRIES = 5;

/** One of the two trees of a file: its free pages, and its entries. */
interface Tree {
  readonly depth: number;
  readonly hasLargeValues: boolean;
  readonly root: bigint;
}

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: bigint;
  readonly trees: readonly Tree[];
}

/** Throws STATE_FORMAT_UNKNOWN when the folder's data file is none of LMDB's, or has lost its end. A file that is not there is sound. */
export function checkDataFile(folder: string): void {
  const file = join(folder, "data.mdb");
  let opened: number;
  try {
    opened = openSync(file, "r");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return;
    throw asSlipwayError(thrown);
  }
  try {
    const { size } = fstatSync(opened);
    if (size > 0 && !isSound(opened)) throw damaged(folder, file);
  } catch (thrown) {
    throw asSlipwayError(thrown);
  } finally {
    closeSync(opened);
  }
}

function damaged(folder: string, file: string): SlipwayError {
  return new SlipwayError(
    "STATE_FORMAT_UNKNOWN",
    `${file} is damaged, or no file of online values. Delete the folder ${folder} and run "slipway features materialize".`,
    { details: { file } },
  );
}

function isSound(file: number): boolean {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const meta = newestMeta(file);
    if (!meta) return false;
    // Asked after the meta page was read: the file only grows, and pages are written before the meta page that names them.
    const pages = Math.floor(fstatSync(file).size / meta.pageSize);
    if (pages > meta.lastPage || meta.trees.every((tree) => reaches(file, meta.pageSize, pages, tree))) return true;
    if (newestMeta(file)?.transaction === meta.transaction) return false;
  }
  // It is written to faster than it can be walked through, by a process that has it open and well.
  return true;
}

function newestMeta(file: number): Meta | undefined {
  const first = readMeta(file, 0);
  if (!first) return undefined;
  const second = readMeta(file, first.pageSize);
  if (!second) return undefined;
  return second.transaction > first.transaction ? second : first;
}

function readMeta(file: number, at: number): Meta | undefined {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(file, bytes, 0, META_BYTES, at) < META_BYTES) return undefined;
  const pageSize = bytes.readUInt32LE(48);
  if (bytes.readUInt32LE(PAGE_HEADER) !== MAGIC || pageSize < 256 || pageSize > 65536) return undefined;
  return {
    pageSize,
    lastPage: Number(bytes.readBigUInt64LE(144)),
    transaction: bytes.readBigUInt64LE(152),
    trees: [48, 96].map((start) => ({
      depth: bytes.readUInt16LE(start + 6),
      hasLargeValues: bytes.readBigUInt64LE(start + 24) > 0n,
      root: bytes.readBigUInt64LE(start + 40),
    })),
  };
}

/** Whether every page of a tree lies within the file's first `pages`. */
function reaches(file: number, pageSize: number, pages: number, { depth, hasLargeValues, root }: Tree): boolean {
  if (root === NO_ROOT) return true;
  const page = Buffer.alloc(pageSize);
  const open: { readonly number: number; readonly level: number }[] = [{ number: Number(root), level: 1 }];
  for (let seen = 0; seen <= pages; seen += 1) {
    const next = open.pop();
    if (!next) return true;
    const { number, level } = next;
    if (number < META_PAGES || number >= pages) return false;
    // Leaves name other pages only where values are too large for them.
    if (level >= depth && !hasLargeValues) continue;
    readSync(file, page, 0, pageSize, number * pageSize);
    const flags = page.readUInt16LE(FLAGS_AT);
    if ((flags & (BRANCH | LEAF)) === 0) return false;
    for (const node of nodesOf(page)) {
      if ((flags & BRANCH) !== 0) open.push({ number: childOf(page, node), level: level + 1 });
      else if ((page.readUInt16LE(node + 4) & ON_OTHER_PAGES) !== 0 && largeValueEnd(page, node) > pages) return false;
    }
  }
  return false;
}

/** Where the nodes of a page begin; those that could not be inside it are left out. */
function nodesOf(page: Buffer): readonly number[] {
  const count = page.readUInt16LE(LOWER_AT) >> 1;
  const end = page.length - NODE_HEADER;
  return Array.from({ length: Math.min(count, end >> 1) }, (_, index) => PAGE_HEADER + 2 * index)
    .filter((place) => place < end)
    .map((place) => page.readUInt16LE(place) + PAGE_HEADER)
    .filter((node) => node <= end);
}

function childOf(page: Buffer, node: number): number {
  return page.readUInt32LE(node) + page.readUInt16LE(node + 4) * 2 ** 32;
}

/** The first page after those of a value that lies on pages of its own. */
function largeValueEnd(page: Buffer, node: number): number {
  const size = page.readUInt32LE(node);
  const at = node + NODE_HEADER + page.readUInt16LE(node + 6);
  if (at + 8 > page.length) return Number.POSITIVE_INFINITY;
  return Number(page.readBigUInt64LE(at)) + Math.floor((PAGE_HEADER - 1 + size) / page.length) + 1;
}
