// Every route of a version that stands alone. It is written without a framework: the answer to the first request after a start is what
// counts here, and reading a framework from the disk takes longer than all of this.

import { timingSafeEqual } from "node:crypto";
import { SlipwayError, sha256 } from "../../core/core.ts";
import {
  inferenceForm,
  JSON_TYPE,
  nativeForm,
  plainRefusal,
  type Refusal,
  refusalFor,
  safetyHeaders,
} from "../refusal.ts";
import { type LoneScoring, lonePredict } from "./lone-scoring.ts";
import { type Answering, isInference, type LoneReply, type LoneRequest } from "./request.ts";

/** What the routes work with. */
export interface AnsweringOptions extends LoneScoring {
  /** The version of Slipway. */
  readonly slipway: string;
  /** What every request but those for health has to sign in with, as a bearer's token; undefined lets everybody in. */
  readonly key: string | undefined;
  /** Whether new requests are still wanted. */
  readonly isReady: () => boolean;
  /** Told of failures whose text is not for callers. */
  readonly report: (failure: { readonly request: string; readonly thrown: unknown }) => void;
}

const HEALTH = new Set(["/healthz", "/health", "/ping", "/v2/health/live"]);
const READINESS = new Set(["/readyz", "/v2/health/ready"]);

/** Makes what answers. */
export function answering(options: AnsweringOptions): Answering {
  const { lone, key, isReady, report } = options;
  const { model, number, fields, format } = lone;
  const predict = lonePredict(options);
  const wanted = key === undefined ? undefined : Buffer.from(sha256(`Bearer ${key}`));
  const about = { name: model.name, version: number, problem: null };

  const route = async (request: LoneRequest): Promise<LoneReply> => {
    const { method, path, headers, isLetIn = false } = request;
    if (method === "GET" && HEALTH.has(path)) return json({ status: "up" });
    if (method === "GET" && READINESS.has(path)) {
      if (isReady()) return json({ ready: true });
      throw new SlipwayError("NOT_READY", "Not ready: this process is ending.");
    }
    if (wanted && !isLetIn && !timingSafeEqual(wanted, Buffer.from(sha256(headers.authorization ?? ""))))
      throw new SlipwayError("SIGN_IN_NEEDED", "Sign in with the header Authorization: Bearer KEY.");
    if (isInference(path)) {
      const { loneInference } = await import("./lone-inference.ts");
      return (await loneInference(options, options.slipway, request)) ?? unknown(request);
    }
    if (method === "GET" && path === "/api/v1/models") return json({ models: [about] });
    const [found, name, verb] = /^\/api\/v1\/models\/([^/]+)(\/predict)?$/.exec(path) ?? [];
    if (found === undefined || method !== (verb ? "POST" : "GET")) return unknown(request);
    if (name !== model.name)
      throw new SlipwayError("MODEL_NOT_FOUND", `This model is not served here; "${model.name}" is, and no other.`);
    if (verb) return { status: 200, headers: JSON_HEADERS, body: await predict(request, jsonBody(request)) };
    const inputs = model.inputs.map(({ name: input, type, from }) => ({ name: input, type, from }));
    return json({ ...about, format, request: fields, inputs });
  };

  return async (request) => {
    try {
      const { headers, ...reply } = await route(request);
      return { ...reply, headers: { ...safetyHeaders, ...headers } };
    } catch (thrown) {
      const { id, path } = request;
      return refused(
        refusalFor(thrown, id, () => report({ request: id, thrown })),
        path,
      );
    }
  };
}

const JSON_HEADERS = { ...safetyHeaders, "content-type": JSON_TYPE };

function json(document: unknown): LoneReply {
  return { status: 200, headers: JSON_HEADERS, body: JSON.stringify(document) };
}

/** A refusal in the form of the dialect that was spoken. */
export function refused(refusal: Refusal, path: string): LoneReply {
  const form = isInference(path) ? inferenceForm : nativeForm;
  return { status: refusal.status, headers: JSON_HEADERS, body: form(refusal) };
}

/** The refusal of a request that could not be read. */
export function unreadable(message: string, path: string): LoneReply {
  return refused(plainRefusal(new SlipwayError("INPUT_INVALID", message)), path);
}

function unknown({ method }: LoneRequest): never {
  throw new SlipwayError("ROUTE_NOT_FOUND", `There is no ${method} on this path.`);
}

function jsonBody({ headers, body }: LoneRequest): unknown {
  const type = headers["content-type"];
  if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json\b/i.test(type))
    throw new SlipwayError("INPUT_INVALID", "The body must be JSON. Send the header Content-Type: application/json.");
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw new SlipwayError("INPUT_INVALID", "A compressed body is not taken here; send it as it is.");
  if (body.length === 0) throw new SlipwayError("INPUT_INVALID", "The body is empty. Send a JSON object.");
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new SlipwayError("INPUT_INVALID", "The body is not JSON, which has no NaN and no Infinity.");
  }
}
