// Server reflection: what this server speaks, told to tools such as grpcurl. Its first version and the alpha before it differ in their name alone.

import { create, type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { answeredStream, type CallContext, type Method, pathOf } from "./calls.ts";
import {
  ListServiceResponseSchema,
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "./protocol/grpc/reflection_pb.ts";

type Answer = ServerReflectionResponse["messageResponse"];

/** The methods of the service, over the services of a server. */
export function reflectionMethods(context: CallContext, services: readonly DescService[]): readonly Method[] {
  const all = [...services, ServerReflection];
  const method = ServerReflection.method.serverReflectionInfo;
  const answer = (request: ServerReflectionRequest): ServerReflectionResponse =>
    create(ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: answerOf(all, request),
    });
  const path = pathOf(method);
  return [path, path.replace(".v1.", ".v1alpha.")].map((each) =>
    answeredStream(context, method, ["look"], answer, each),
  );
}

function answerOf(services: readonly DescService[], { messageRequest: asked }: ServerReflectionRequest): Answer {
  const files = filesOf(services);
  switch (asked.case) {
    case "listServices":
      return {
        case: "listServicesResponse",
        value: create(ListServiceResponseSchema, {
          service: services.map(({ typeName }) => ({ name: typeName })),
        }),
      };
    case "fileByFilename":
      return described(files.find(({ proto }) => proto.name === asked.value));
    case "fileContainingSymbol":
      return described(files.find((file) => symbolsOf(file).includes(asked.value.replace(/^\./, ""))));
    default:
      // proto3 has no extensions.
      return refused(status.NOT_FOUND, "There are no extensions here.");
  }
}

function refused(errorCode: number, errorMessage: string): Answer {
  return {
    case: "errorResponse",
    value: { $typeName: "grpc.reflection.v1.ErrorResponse", errorCode, errorMessage },
  };
}

function described(file: DescFile | undefined): Answer {
  if (!file) return refused(status.NOT_FOUND, "There is no such file or symbol here.");
  return {
    case: "fileDescriptorResponse",
    value: {
      $typeName: "grpc.reflection.v1.FileDescriptorResponse",
      fileDescriptorProto: withImports(file).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto)),
    },
  };
}

function withImports(file: DescFile): readonly DescFile[] {
  return [...new Set([file, ...file.dependencies.flatMap(withImports)])];
}

function filesOf(services: readonly DescService[]): readonly DescFile[] {
  return [...new Set(services.flatMap(({ file }) => withImports(file)))];
}

function symbolsOf({ services, messages, enums }: DescFile): readonly string[] {
  const nested = (all: DescFile["messages"]): readonly string[] =>
    all.flatMap(({ typeName, nestedMessages, nestedEnums }) => [
      typeName,
      ...nested(nestedMessages),
      ...nestedEnums.map((each) => each.typeName),
    ]);
  return [
    ...services.flatMap(({ typeName, methods }) => [typeName, ...methods.map(({ name }) => `${typeName}.${name}`)]),
    ...nested(messages),
    ...enums.map(({ typeName }) => typeName),
  ];
}
