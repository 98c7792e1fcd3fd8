// The body of an infer request: JSON, or JSON followed by raw tensors, plain or compressed. tritonclient sends no Content-Type, so the
// headers of the binary extension decide, not the media type.

import type { IncomingHttpHeaders } from "node:http";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { SlipwayError } from "../../core/core.ts";

/** A body, taken apart. */
export interface InferBody {
  /** The JSON part; undefined for a raw request, whose body is one tensor and nothing else. */
  readonly json: unknown;
  /** What follows the JSON part. */
  readonly binary: Buffer;
}

/** The largest body, before and after it is unpacked. */
export const INFER_BODY_LIMIT = 32 * 1024 * 1024;
/** The header that says how much of a body is JSON. */
export const JSON_LENGTH_HEADER = "inference-header-content-length";

/** An INPUT_INVALID error. */
export function invalid(message: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", message);
}

const unpackers = new Map([
  ["gzip", promisify(gunzip)],
  ["deflate", promisify(inflate)],
]);

async function unpack(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === "" || encoding === "identity") return body;
  const unpacker = unpackers.get(encoding.toLowerCase());
  if (!unpacker) throw invalid("This Content-Encoding is not known; use gzip, deflate or none.");
  try {
    return await unpacker(body, { maxOutputLength: INFER_BODY_LIMIT });
  } catch {
    throw invalid(`The body is not valid ${encoding.toLowerCase()}, or unpacks to over ${INFER_BODY_LIMIT} bytes.`);
  }
}

/** Unpacks a body and takes it apart. Throws INPUT_INVALID. */
export async function readInferBody(headers: IncomingHttpHeaders, sent: unknown): Promise<InferBody> {
  const body = await unpack(Buffer.isBuffer(sent) ? sent : Buffer.alloc(0), headers["content-encoding"]);
  const given = headers[JSON_LENGTH_HEADER];
  if (given === undefined) return { json: parse(body), binary: Buffer.alloc(0) };
  const length = typeof given === "string" && /^\d{1,10}$/.test(given) ? Number(given) : -1;
  if (length < 0 || length > body.length)
    throw invalid(`Inference-Header-Content-Length must be a whole number from 0 to the body's ${body.length} bytes.`);
  if (length === 0) return { json: undefined, binary: body };
  return { json: parse(body.subarray(0, length)), binary: body.subarray(length) };
}

function parse(text: Buffer): unknown {
  if (text.length === 0) throw invalid("The body is empty; send an inference request as JSON.");
  try {
    return JSON.parse(text.toString("utf8"));
  } catch {
    throw invalid("The body is not JSON. A missing value is null, or NaN in binary data.");
  }
}
