// Files that come in parts, each under its own hash below the upload's name. The hash is what the client is given as the part's tag, so the
// list of tags that completes an upload is all there is to know about it, and a part that was changed or forgotten on the way cannot be put
// together. Clients send parts without their key, as they would to an object store: an upload's name, which nobody can guess, is what lets parts
// in, and only from when it was begun until it is put together or given up.

import { SlipwayError } from "../../core/core.ts";
import { checkedArtifactPath, putArtifact } from "./artifacts.ts";
import type { TrackingContext } from "./context.ts";
import { refuseVersionFolder } from "./version-folder.ts";

/** Where parts lie until they are put together. */
export const UPLOADS = "uploads";

const UPLOAD = /^[0-9a-f]{32}$/;
const HASH = /^[0-9a-f]{64}$/;

/** Parts per upload at most, as object stores have it. */
const MOST_PARTS = 10_000;

/** Begins an upload and gives its id, of 128 random bits. */
export async function beginUpload(context: TrackingContext, path: string, parts: number): Promise<string> {
  refuseVersionFolder(checkedArtifactPath(path));
  if (parts < 1 || parts > MOST_PARTS)
    throw new SlipwayError("INPUT_INVALID", `An upload has 1 to ${MOST_PARTS} parts; this one asks for ${parts}.`);
  const upload = Buffer.from(context.random(16)).toString("hex");
  await context.blobs.put(begunAt(upload), new Uint8Array());
  return upload;
}

/** Takes in one part and gives its tag; INPUT_INVALID, before a byte of it is read, when no such upload is under way. */
export async function putPart(
  context: TrackingContext,
  upload: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<string> {
  if ((await context.blobs.state(begunAt(upload))) === undefined) throw unknownUpload();
  const { hash } = await context.blobs.putStream(placeOf(upload), chunks);
  return hash;
}

/** Puts the parts together, in the given order, under a path; INPUT_INVALID when one is not there. */
export async function completeUpload(
  context: TrackingContext,
  upload: string,
  path: string,
  tags: readonly string[],
): Promise<void> {
  const place = placeOf(upload);
  await putArtifact(context, path, joined(context, place, tags));
  await abortUpload(context, upload);
}

async function* joined({ blobs }: TrackingContext, place: string, tags: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const [index, tag] of tags.entries()) {
    const found = HASH.test(tag) ? await blobs.stream(`${place}/${tag}`) : undefined;
    if (!found)
      throw new SlipwayError(
        "INPUT_INVALID",
        `Part ${index + 1} of the upload is not here; send it again, then complete.`,
      );
    yield* found.chunks;
  }
}

/** Throws away the parts of an upload. */
export async function abortUpload({ blobs }: TrackingContext, upload: string): Promise<void> {
  for (const name of await blobs.list(placeOf(upload))) await blobs.delete(name);
}

function placeOf(upload: string): string {
  if (UPLOAD.test(upload)) return `${UPLOADS}/${upload}`;
  throw unknownUpload();
}

function begunAt(upload: string): string {
  return `${placeOf(upload)}/begun`;
}

function unknownUpload(): SlipwayError {
  return new SlipwayError("INPUT_INVALID", "There is no such upload; begin one with mpu/create.");
}
