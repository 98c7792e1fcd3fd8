// A request and its answer without the road they take: over HTTP and as an event of AWS Lambda they are the same.

import type { IncomingHttpHeaders } from "node:http";

/** What is asked. */
export interface LoneRequest {
  /** Its name in the log. */
  readonly id: string;
  readonly method: string;
  /** The path, without what follows a question mark. */
  readonly path: string;
  /** What follows the question mark; empty where nothing does. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Whether it came by a road on which whoever asks was let in before, so that no key is asked for. */
  readonly isLetIn?: boolean;
}

/** What is answered. */
export interface LoneReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Answers requests; never rejects. */
export type Answering = (request: LoneRequest) => Promise<LoneReply>;

/** Whether a path belongs to the Open Inference Protocol, which has its own form of refusals and larger bodies. */
export function isInference(path: string): boolean {
  return path === "/v2" || path.startsWith("/v2/");
}
