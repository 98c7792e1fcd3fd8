// The Open Inference Protocol over REST, as KServe, Triton and their clients speak it. Every refusal, also of unknown routes, is
// { "error": text }: clients read nothing else.

import type { FastifyInstance, FastifyReply } from "fastify";
import type { Admission, Turn } from "../../platform/platform.ts";
import { admitted } from "../admitted.ts";
import type { Readiness } from "../health.ts";
import { inferenceForm, JSON_TYPE, refusalOf, refuse, routeNotFound } from "../refusal.ts";
import { type AnswerBody, type AnswerForm, answerBody } from "./answer.ts";
import { readAsked, saidTimeoutMs, timeoutMsOf } from "./asked.ts";
import { INFER_BODY_LIMIT, JSON_LENGTH_HEADER, readInferBody } from "./body.ts";
import type { Inferences } from "./inferences.ts";

/** What the dialect works with. */
export interface InferenceContext {
  readonly inferences: Inferences;
  readonly readiness: Readiness;
  readonly admission: Admission;
  /** The version of Slipway. */
  readonly version: string;
}

interface OneVersion {
  Params: { readonly model: string; readonly version?: string };
}

/** The extensions of the protocol that are spoken. */
export const EXTENSIONS = ["binary_tensor_data"];

/** The routes of the dialect, below /v2. */
export function inferenceRoutes({
  inferences,
  readiness,
  version,
  admission,
}: InferenceContext): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: INFER_BODY_LIMIT }, (_, body, done) =>
      done(null, body),
    );
    app.setErrorHandler((thrown, request, reply) => refuse(reply, refusalOf(thrown, request), inferenceForm));
    app.setNotFoundHandler((request, reply) => refuse(reply, routeNotFound(request), inferenceForm));

    app.get("/", async () => ({ name: "slipway", version, extensions: EXTENSIONS }));
    app.get("/health/live", async () => ({ live: true }));
    app.get("/health/ready", async (_, reply) => {
      const reasons = readiness().map(({ message }) => message);
      return reasons.length === 0
        ? { ready: true }
        : reply.code(503).send({ ready: false, error: `Not ready: ${reasons.join(" ")}` });
    });
    app.get("/models", async () => ({ models: (await inferences.models()).map(({ name }) => name) }));
    // Its clients send neither a body nor a length with this.
    app.post("/repository/index", async () => repositoryIndex(await inferences.models()));

    for (const path of ["/models/:model", "/models/:model/versions/:version"]) {
      app.get<OneVersion>(path, ({ params }) => inferences.metadata(params.model, params.version));
      app.get<OneVersion>(`${path}/ready`, async ({ params }) => {
        const { name } = await inferences.metadata(params.model, params.version);
        return { name, ready: true };
      });
      app.post<OneVersion>(`${path}/infer`, async (request, reply) => {
        const { model, version: asked } = request.params;
        const saidMs = saidTimeoutMs(request.headers, request.body);
        const work = async (turn: Turn): Promise<AnswerBody> => {
          const sent = await readInferBody(request.headers, request.body);
          let form: AnswerForm = RAW_FORM;
          const answer = await inferences.infer(model, asked, () => {
            const read = readAsked(sent);
            if (!("raw" in read)) form = read;
            turn.check(timeoutMsOf(read));
            return read;
          });
          return answerBody(answer, form);
        };
        return send(reply, await admitted(admission, model, request, reply, work, saidMs));
      });
    }
  };
}

/** How a request that is one tensor and nothing else wants its answer. */
export const RAW_FORM: AnswerForm = { id: undefined, isBinary: () => true };

/** The models there are, as Triton lists its repository. */
export function repositoryIndex(
  models: Awaited<ReturnType<Inferences["models"]>>,
): readonly { readonly name: string; readonly version: string; readonly state: string; readonly reason: string }[] {
  return models.map(({ name, version, problem }) => ({
    name,
    version: version === undefined ? "" : String(version),
    state: problem === undefined ? "READY" : "UNAVAILABLE",
    reason: problem ?? "",
  }));
}

function send(reply: FastifyReply, { json, binary }: AnswerBody): FastifyReply {
  // Text goes out in one piece with its head, bytes behind it.
  if (!binary) return reply.type(JSON_TYPE).send(json);
  const head = Buffer.from(json);
  return reply
    .type("application/octet-stream")
    .header(JSON_LENGTH_HEADER, head.length)
    .send(Buffer.concat([head, binary]));
}
