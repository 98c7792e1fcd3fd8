// The loop of a Lambda runtime, for functions that bring their own: a container image whose command is `node server.js`. It asks for the next
// event, hands it to the handler, and posts what that says. Source: "Building a custom runtime for AWS Lambda", the runtime API 2018-06-01.

import { Agent, type IncomingHttpHeaders, request as open } from "node:http";
import type { LambdaHandler } from "./lambda.ts";

interface Said {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Calls of the runtime API. */
export interface LambdaRuntime {
  /** Answers one event after the other until `signal` is aborted. Rejects when the API is not there. */
  run(handler: LambdaHandler, signal: AbortSignal): Promise<void>;
  /** Says that the function could not be started. */
  failed(thrown: unknown): Promise<void>;
}

/** The runtime API at `address`: what the environment names as AWS_LAMBDA_RUNTIME_API, host and port. */
export function lambdaRuntime(address: string): LambdaRuntime {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const root = new URL(`http://${address}/2018-06-01/runtime/`);
  const call = (method: string, path: string, body?: string, signal?: AbortSignal): Promise<Said> =>
    new Promise((resolve, reject) => {
      const asked = open(new URL(path, root), { agent, method, ...(signal ? { signal } : {}) }, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.once("error", reject);
        answer.once("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }),
        );
      });
      asked.once("error", reject);
      if (body !== undefined)
        asked.setHeader("content-type", "application/json").setHeader("content-length", Buffer.byteLength(body));
      asked.end(body);
    });
  return {
    async run(handler, signal) {
      while (!signal.aborted) {
        // An event may be hours away: nothing here may run out of patience.
        const next = await call("GET", "invocation/next", undefined, signal).catch((thrown: unknown) => {
          if (signal.aborted) return undefined;
          throw thrown;
        });
        if (!next) return;
        const id = next.headers["lambda-runtime-aws-request-id"];
        if (next.status !== 200 || typeof id !== "string")
          throw new Error(`The Lambda runtime API answered ${next.status} when it was asked for the next event.`);
        try {
          const said = await handler(JSON.parse(next.body.toString("utf8")), { awsRequestId: id });
          await call("POST", `invocation/${id}/response`, JSON.stringify(said));
        } catch (thrown) {
          await call("POST", `invocation/${id}/error`, errorText(thrown));
        }
      }
    },
    async failed(thrown) {
      await call("POST", "init/error", errorText(thrown));
    },
  };
}

function errorText(thrown: unknown): string {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return JSON.stringify({ errorType: name, errorMessage: message, stackTrace: [] });
}
