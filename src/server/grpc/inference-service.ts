// The Open Inference Protocol over gRPC, as tritonclient.grpc speaks it: the same models, readers and refusals as over REST.

import { create } from "@bufbuild/protobuf";
import type { Admission, AskedTurn } from "../../platform/platform.ts";
import type { Readiness } from "../health.ts";
import { type AskedInference, timeoutMsOf } from "../inference/asked.ts";
import { EXTENSIONS, repositoryIndex } from "../inference/inference.ts";
import type { Inferences } from "../inference/inferences.ts";
import { answeredStream, type CallContext, type Method, unary } from "./calls.ts";
import { askedOf, responseOf, saidTimeoutMs } from "./messages.ts";
import {
  GRPCInferenceService,
  ModelMetadataResponseSchema,
  ModelReadyResponseSchema,
  RepositoryIndexResponseSchema,
  ServerLiveResponseSchema,
  ServerMetadataResponseSchema,
  ServerReadyResponseSchema,
} from "./protocol/inference/service_pb.ts";
import {
  type ModelInferRequest,
  type ModelInferResponse,
  ModelStreamInferResponseSchema,
} from "./protocol/inference/tensors_pb.ts";
import { statusOf } from "./refusal.ts";

/** What the service works with. */
export interface InferenceServiceContext extends CallContext {
  readonly inferences: Inferences;
  readonly readiness: Readiness;
  readonly admission: Admission;
  /** The version of Slipway. */
  readonly version: string;
}

/** The methods of the service. */
export function inferenceMethods(context: InferenceServiceContext): readonly Method[] {
  const { inferences, readiness, admission, version, log } = context;
  const { method } = GRPCInferenceService;
  const describe = ["read", "predict"] as const;

  const infer = (request: ModelInferRequest, about: AskedTurn): Promise<ModelInferResponse> =>
    admission.run(
      request.modelName,
      { ...about, timeoutMs: saidTimeoutMs(request) ?? about.timeoutMs },
      async (turn) => {
        let asked: AskedInference | undefined;
        const answer = await inferences.infer(request.modelName, request.modelVersion || undefined, () => {
          asked = askedOf(request);
          turn.check(timeoutMsOf(asked));
          return asked;
        });
        return responseOf(answer, asked ?? askedOf(request));
      },
    );

  return [
    unary(context, method.serverLive, [], () => create(ServerLiveResponseSchema, { live: true })),
    unary(context, method.serverReady, [], () =>
      create(ServerReadyResponseSchema, { ready: readiness().length === 0 }),
    ),
    unary(context, method.serverMetadata, ["look"], () =>
      create(ServerMetadataResponseSchema, { name: "slipway", version, extensions: EXTENSIONS }),
    ),
    unary(context, method.modelReady, describe, async ({ name, version: asked }) => {
      await inferences.metadata(name, asked || undefined);
      return create(ModelReadyResponseSchema, { ready: true });
    }),
    unary(context, method.modelMetadata, describe, async ({ name, version: asked }) => {
      const metadata = await inferences.metadata(name, asked || undefined);
      const tensors = (all: typeof metadata.inputs) => all.map((each) => ({ ...each, shape: each.shape.map(BigInt) }));
      return create(ModelMetadataResponseSchema, {
        ...metadata,
        versions: [...metadata.versions],
        inputs: tensors(metadata.inputs),
        outputs: tensors(metadata.outputs),
      });
    }),
    unary(context, method.modelInfer, ["predict"], infer),
    // One bad request of a stream is told of and does not end it.
    answeredStream(context, method.modelStreamInfer, ["predict"], async (request, about) => {
      try {
        return create(ModelStreamInferResponseSchema, { inferResponse: await infer(request, about) });
      } catch (thrown) {
        const { details } = statusOf(thrown, "ModelStreamInfer", log);
        // With the id, so that its sender knows which one it was.
        return create(ModelStreamInferResponseSchema, { errorMessage: details, inferResponse: { id: request.id } });
      }
    }),
    unary(context, method.repositoryIndex, describe, async ({ ready }) => {
      const models = repositoryIndex(await inferences.models());
      return create(RepositoryIndexResponseSchema, {
        models: models.filter(({ state }) => !ready || state === "READY"),
      });
    }),
  ];
}
