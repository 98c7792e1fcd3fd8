// gRPC's own health service, which orchestrators and load balancers ask (grpc.health.v1). The server as a whole is the service "", and the
// inference service counts as it does.

import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescMethodUnary,
  type DescService,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { SlipwayError } from "../../core/core.ts";
import type { Readiness } from "../health.ts";
import { type CallContext, type Method, unary } from "./calls.ts";

const PACKAGE = "grpc.health.v1";
const SERVING = 1;
const NOT_SERVING = 2;

const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: "grpc/health/v1/health.proto",
    package: PACKAGE,
    syntax: "proto3",
    messageType: [
      {
        name: "HealthCheckRequest",
        field: [
          {
            name: "service",
            number: 1,
            type: FieldDescriptorProto_Type.STRING,
            label: FieldDescriptorProto_Label.OPTIONAL,
          },
        ],
      },
      {
        name: "HealthCheckResponse",
        field: [
          {
            name: "status",
            number: 1,
            type: FieldDescriptorProto_Type.ENUM,
            typeName: `.${PACKAGE}.HealthCheckResponse.ServingStatus`,
            label: FieldDescriptorProto_Label.OPTIONAL,
          },
        ],
        enumType: [
          {
            name: "ServingStatus",
            value: ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"].map((name, number) => ({ name, number })),
          },
        ],
      },
    ],
    service: [
      {
        name: "Health",
        method: [
          {
            name: "Check",
            inputType: `.${PACKAGE}.HealthCheckRequest`,
            outputType: `.${PACKAGE}.HealthCheckResponse`,
          },
        ],
      },
    ],
  }),
  () => undefined,
);

/** The service. */
export const Health: DescService = registry.getService(`${PACKAGE}.Health`) as DescService;

/** The methods of the service, for a server that also has the services `known`. */
export function healthMethods(
  context: CallContext,
  readiness: Readiness,
  known: readonly DescService[],
): readonly Method[] {
  const check = Health.method["check"] as DescMethodUnary;
  return [
    unary(context, check, [], (request) => {
      const { service } = request as MessageShape<DescMessage> & { readonly service: string };
      if (service !== "" && !known.some(({ typeName }) => typeName === service))
        throw new SlipwayError("ROUTE_NOT_FOUND", "There is no such service here.");
      const status = readiness().length === 0 ? SERVING : NOT_SERVING;
      return create(check.output, { status } as Record<string, unknown>);
    }),
  ];
}
