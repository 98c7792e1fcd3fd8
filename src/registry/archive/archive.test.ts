// An archive goes out and comes in unchanged; then everything that somebody could do to one on the way, each refused with nothing kept.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sha256 } from "../../core/core.ts";
import { fileBlobs } from "../../engines/files/files.ts";
import type { BlobStore } from "../../ports/ports.ts";
import { contentBlob } from "../version-content.ts";
import { takeArchive, writeArchive } from "./archive.ts";
import { type ArchiveManifest, manifestBytes } from "./manifest.ts";
import { newSigningKey, signManifest } from "./signature.ts";
import { type TarFile, writeTar } from "./tar.ts";

let folder: string;
let from: BlobStore;
let to: BlobStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-archive-"));
  from = fileBlobs(join(folder, "from"));
  to = fileBlobs(join(folder, "to"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = [
  { path: "model.ubj", text: "the model" },
  { path: "deep/er/notes.txt", text: "x".repeat(1500) },
  { path: "empty", text: "" },
  { path: "same as the model", text: "the model" },
].map(({ path, text }) => ({ path, text, hash: sha256(text), size: text.length }));

const manifest: ArchiveManifest = {
  model: "delay",
  number: 3,
  createdAt: "2013-07-01T00:00:00Z",
  artifactHash: sha256("the model"),
  modelFormat: "xgboost-ubj",
  bestRound: 7,
  definitionsHash: "d1",
  files: files.map(({ path, hash, size }) => ({ path, hash, size })),
  inputs: [
    { name: "distance", kind: "number", scale: 2 },
    { name: "carrier", kind: "category", categories: ["AA", "UA"] },
  ],
  features: { inputs: [], request: [], views: {} },
  metrics: { "test.auc": 0.75, odd: Number.NaN, far: Number.NEGATIVE_INFINITY },
  importance: [{ input: "distance", gain: 12.5 }],
  description: "made in July",
  tags: [{ key: "team", value: "risk" }],
  profile: [{ mean: 1 }],
  environment: { node: "v20" },
  run: { id: "r" },
  dataset: null,
  origin: null,
};

const { pem, key } = newSigningKey();

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function archive(changed: Partial<ArchiveManifest> = {}, isSigned = true): Promise<Buffer> {
  for (const { hash, text } of files) await from.put(contentBlob(hash), Buffer.from(text));
  return bytesOf(writeArchive(from, { ...manifest, ...changed }, isSigned ? pem : undefined));
}

const take = (bytes: Uint8Array, step = 700, mostBytes = 1e9) =>
  takeArchive(to, Readable.from(pieces(bytes, step)), { mostBytes, admit: async () => {} });

function* pieces(bytes: Uint8Array, step: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

async function refused(bytes: Uint8Array, reason: RegExp, code = "ARCHIVE_INVALID"): Promise<void> {
  const thrown = await take(bytes).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toMatchObject({ code });
  expect((thrown as Error).message).toMatch(reason);
}

/** An archive of entries as they are given, signed over its manifest. */
function madeOf(changed: Partial<ArchiveManifest>, entries: readonly (readonly [string, string])[]): Promise<Buffer> {
  const bytes = manifestBytes({ ...manifest, ...changed });
  const file = (name: string, content: Uint8Array): TarFile => ({ name, size: content.length, chunks: [content] });
  return bytesOf(
    writeTar([
      file("manifest.json", bytes),
      file("signature.json", Buffer.from(JSON.stringify(signManifest(bytes, pem)))),
      ...entries.map(([name, text]) => file(name, Buffer.from(text))),
    ]),
  );
}

const contents = [...new Map(files.map(({ hash, text }) => [hash, text]))]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([hash, text]): [string, string] => [`content/${hash}`, text]);

describe("an archive", () => {
  test("comes in as it went out, whatever pieces it arrives in, and is the same bytes each time", async () => {
    const bytes = await archive();
    expect(await archive()).toEqual(bytes);
    for (const step of [1, 511, 512, 513, 100_000]) {
      const taken = await take(bytes, step);
      expect(taken).toMatchObject({ key, manifest });
    }
    for (const { hash, text } of files)
      expect(Buffer.from((await to.get(contentBlob(hash))) ?? []).toString()).toBe(text);
  });

  test("is what other tools read as a tar", async () => {
    const { execFileSync } = await import("node:child_process");
    const { writeFileSync } = await import("node:fs");
    const path = join(folder, "x.tar");
    writeFileSync(path, await archive());
    const listed = execFileSync("tar", ["-tvf", path], { encoding: "utf8" }).trim().split("\n");
    expect(listed).toHaveLength(2 + contents.length);
    expect(execFileSync("tar", ["-xOf", path, `content/${sha256("the model")}`], { encoding: "utf8" })).toBe(
      "the model",
    );
  });

  test("without a signature says so, and one that is not admitted leaves no content", async () => {
    const bytes = await archive({}, false);
    const admit = () => Promise.reject(new Error("not this one"));
    await expect(takeArchive(to, Readable.from(pieces(bytes, 512)), { mostBytes: 1e9, admit })).rejects.toThrow(
      "not this",
    );
    expect(await to.list("")).toEqual([]);
    expect((await take(bytes)).key).toBeUndefined();
  });
});

describe("refuses", () => {
  test("a flipped bit anywhere", async () => {
    const bytes = await archive();
    for (let at = 0; at < bytes.length; at += 97) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 4;
      await expect(take(flipped), `bit at ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^(ARCHIVE_INVALID|SIGNATURE_REFUSED)$/),
      });
    }
  });

  test("every truncation, and anything after its end", async () => {
    const bytes = await archive();
    for (let at = 0; at < bytes.length; at += 256) await refused(bytes.subarray(0, at), /./);
    await refused(Buffer.concat([bytes, Buffer.from("x")]), /follows its end/);
    await refused(Buffer.concat([bytes, bytes]), /follows its end/);
    await refused(Buffer.from("PK\u0003\u0004 a zip"), /./);
    await refused(Buffer.alloc(1024), /missing/);
  });

  test("a signature of another key, over another manifest, or that is none", async () => {
    const other = signManifest(manifestBytes({ ...manifest, number: 4 }), pem);
    const mine = signManifest(manifestBytes(manifest), pem);
    for (const signature of [
      JSON.stringify(other),
      JSON.stringify({ ...mine, key: newSigningKey().key }),
      JSON.stringify({ ...mine, key: "ed25519:AAAA" }),
      JSON.stringify({ ...mine, signature: "" }),
      "{}",
      "null",
      "[",
    ]) {
      const file = (name: string, content: Uint8Array): TarFile => ({ name, size: content.length, chunks: [content] });
      const bytes = await bytesOf(
        writeTar([
          file("manifest.json", manifestBytes(manifest)),
          file("signature.json", Buffer.from(signature)),
          ...contents.map(([name, text]) => file(name, Buffer.from(text))),
        ]),
      );
      await refused(bytes, /signature|signed/, "SIGNATURE_REFUSED");
    }
  });

  test("files that are missing, too many, twice, out of order, or other than was signed", async () => {
    const [first, ...rest] = contents as [[string, string], ...[string, string][]];
    await refused(await madeOf({}, rest), /stands where the content/);
    await refused(await madeOf({}, contents.slice(0, -1)), /is missing/);
    await refused(await madeOf({}, [...contents, ["extra", "x"]]), /does not name/);
    await refused(await madeOf({}, [...contents, first]), /does not name/);
    await refused(await madeOf({}, [first, first, ...rest]), /stands where/);
    await refused(await madeOf({}, [...contents].reverse()), /stands where/);
    const changed = contents.map(([name, text]): [string, string] => [name, text.replace("model", "modeL")]);
    await refused(await madeOf({}, changed), /other bytes/);
    await refused(await madeOf({}, [["../../etc/passwd", "x"], ...contents]), /stands where/);
  });

  test.each([
    "../x",
    "a/../../x",
    "/etc/passwd",
    "C:\\x",
    "a\\b",
    "a//b",
    ".",
    "a\u0000b",
    "file:///x",
    "%2e%2e/x",
    "",
  ])("the file name %j", async (path) => {
    await refused(await madeOf({ files: [{ path, hash: sha256("the model"), size: 9 }] }, contents), /lead elsewhere/);
  });

  test("names that are one on a disk without cases, sizes that disagree, and too many files", async () => {
    const hash = sha256("the model");
    const named = (...paths: string[]) => ({ files: paths.map((path) => ({ path, hash, size: 9 })) });
    await refused(await madeOf(named("model.ubj", "Model.UBJ"), contents), /twice/);
    await refused(await madeOf(named("é", "e\u0301"), contents), /twice/);
    await refused(
      await madeOf(
        {
          files: [
            { path: "a", hash, size: 9 },
            { path: "b", hash, size: 8 },
          ],
        },
        contents,
      ),
      /two sizes/,
    );
    await refused(await madeOf(named(...Array.from({ length: 10_001 }, (_, n) => `f${n}`)), contents), /10001 files/);
  });

  test("more bytes than are allowed, before reading any of them", async () => {
    const huge = { files: [{ path: "model.ubj", hash: manifest.artifactHash, size: 1e12 }] };
    await expect(take(await madeOf(huge, []))).rejects.toThrow(/at most 1000000000/);
    await expect(take(await archive(), 512, 100)).rejects.toThrow(/--max-size/);
    // A size that is declared small and is large.
    const small = { files: [{ path: "model.ubj", hash: manifest.artifactHash, size: 9 }] };
    await refused(await madeOf(small, [[`content/${manifest.artifactHash}`, "x".repeat(5000)]]), /stands where/);
  });

  test.each([
    ["a hard link", "1"],
    ["a symbolic link", "2"],
    ["a character device", "3"],
    ["a block device", "4"],
    ["a folder", "5"],
    ["a pipe", "6"],
    ["an extended header", "x"],
    ["a long name", "L"],
    ["a sparse file", "S"],
  ])("%s", async (_, type) => {
    const bytes = await archive();
    const header = bytes.subarray(0, 512);
    header.write(type, 156);
    header.write("/etc/passwd", 157);
    let sum = 8 * 32;
    for (const [place, byte] of header.entries()) if (place < 148 || place >= 156) sum += byte;
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    await refused(bytes, /not a plain file/);
  });

  test("a manifest that is none, of another format, or with parts of another shape", async () => {
    const raw = (content: string): Promise<Buffer> =>
      bytesOf(writeTar([{ name: "manifest.json", size: Buffer.byteLength(content), chunks: [Buffer.from(content)] }]));
    for (const content of ["", "{", "[]", "null", "1", '{"format":"slipway-version/2"}', "[".repeat(100_000)])
      await refused(await raw(content), /./);
    const whole = JSON.parse(Buffer.from(manifestBytes(manifest)).toString());
    for (const part of [
      { files: {} },
      { files: [null] },
      { number: -1 },
      { number: "3" },
      { bestRound: 1.5 },
      { inputs: [{ name: "x", kind: "function" }] },
      { inputs: [{ name: "x", kind: "category", categories: [1] }] },
      { features: { inputs: 1 } },
      { metrics: { auc: "high" } },
      { metrics: [] },
      { artifactHash: sha256("another") },
      { model: 1 },
      { importance: {} },
      { importance: [{ input: "distance", gain: "much" }] },
      { description: 7 },
      { tags: [{ key: "team", value: 1 }] },
      { tags: [{ key: "", value: "" }] },
      {
        tags: [
          { key: "team", value: "a" },
          { key: "team", value: "b" },
        ],
      },
    ])
      await refused(await raw(JSON.stringify({ ...whole, ...part })), /./);
  });
});
