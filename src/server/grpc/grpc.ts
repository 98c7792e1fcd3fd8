// The gRPC port of a server: the Open Inference Protocol, health and reflection. It has a port of its own, because
// the HTTP port speaks HTTP/1.

import type { DescService } from "@bufbuild/protobuf";
import { Server as GrpcServer, ServerCredentials, type ServiceDefinition, type UntypedHandleCall } from "@grpc/grpc-js";
import { INFER_BODY_LIMIT } from "../inference/body.ts";
import type { LiveTls } from "../tls.ts";
import type { Method } from "./calls.ts";
import { gatekeeper } from "./gatekeeper.ts";
import { Health, healthMethods } from "./health-service.ts";
import { type InferenceServiceContext, inferenceMethods } from "./inference-service.ts";
import { GRPCInferenceService } from "./protocol/inference/service_pb.ts";
import { reflectionMethods } from "./reflection-service.ts";
import { tlsCredentials } from "./tls-credentials.ts";

/** A port that answers. */
export interface GrpcPort {
  readonly port: number;
  /** Stops accepting, lets calls under way finish, then closes. Aborting `force` cuts those off. */
  close(force?: AbortSignal): Promise<void>;
}

/** The error of a socket, whose code the library leaves in its text alone. */
function withCode(failed: Error): Error {
  const [code] = /\bE[A-Z_]{3,}\b/.exec(failed.message) ?? [];
  return Object.assign(failed, { code });
}

/** Metadata of a call, in bytes. */
const MOST_METADATA = 16 * 1024;
/** Calls of one connection at a time. */
const MOST_CALLS = 100;

/** Starts to answer. Rejects with what listening failed for. */
export async function startGrpc(
  context: InferenceServiceContext,
  { host, port }: { readonly host: string; readonly port: number },
  tls?: LiveTls,
): Promise<GrpcPort> {
  const services: readonly DescService[] = [GRPCInferenceService, Health];
  const methods: readonly Method[] = [
    ...inferenceMethods(context),
    ...healthMethods(context, context.readiness, services),
    ...reflectionMethods(context, services),
  ];
  const asks = new Map(methods.map(({ definition, asks: needed }) => [definition.path, needed]));
  const server = new GrpcServer({
    interceptors: [gatekeeper(context, (path) => asks.get(path))],
    "grpc.max_receive_message_length": INFER_BODY_LIMIT,
    "grpc.max_send_message_length": -1,
    "grpc.max_metadata_size": MOST_METADATA,
    "grpc.max_concurrent_streams": MOST_CALLS,
  });
  for (const { definition, handler } of methods) {
    const name = definition.path;
    server.addService(
      { [name]: definition } as ServiceDefinition,
      { [name]: handler } as Record<string, UntypedHandleCall>,
    );
  }
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, tls ? tlsCredentials(tls) : ServerCredentials.createInsecure(), (failed, at) =>
      failed ? reject(withCode(failed)) : resolve(at),
    );
  });
  return {
    port: bound,
    close: (force) =>
      new Promise((resolve) => {
        const cutOff = (): void => server.forceShutdown();
        server.tryShutdown(() => {
          force?.removeEventListener("abort", cutOff);
          resolve();
        });
        if (force?.aborted) cutOff();
        else force?.addEventListener("abort", cutOff, { once: true });
      }),
  };
}
