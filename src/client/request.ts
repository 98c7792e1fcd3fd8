// Asking the server: what may be sent again, and what a refusal becomes.

import type { ErrorCode } from "../core/core.ts";

/** How to reach a server. */
export interface ClientOptions {
  /** Where it answers: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The key of a user of the server, where it asks for one. Not for pages that others can open: whoever reads the page reads the key. */
  readonly apiKey?: string;
  /**
   * How often a request is sent again when the server is not ready, has too much to do or is not there; default 2. A push is also sent again when the
   * connection broke, for it cannot count twice; nothing else but what only reads is repeated.
   */
  readonly retries?: number;
  /** Waits before the given repetition, counted from 1; default not at all. */
  readonly pause?: (repetition: number) => Promise<unknown>;
  /** Default the global one. */
  readonly fetch?: typeof fetch;
}

/** A refusal by the server, or none at all. */
export interface ClientError extends Error {
  readonly name: "SlipwayError";
  readonly code: ErrorCode;
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What else there is to say of a request. */
export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** Twice is as good as once. */
  readonly isIdempotent?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Posts JSON text to a path, or gets it when there is no text, and gives what was answered. Throws a {@link ClientError}. */
export type Ask = (path: string, body: string | undefined, options?: AskOptions) => Promise<unknown>;

/** Makes what asks the server at `url`. The body is text, so that a repetition asks for the same. */
export function asking(options: ClientOptions): Ask {
  const { retries = 2, pause, fetch: send = fetch } = options;
  const base = options.url.replace(/\/+$/, "");
  return async (path, body, { signal, isIdempotent = false, headers = {} } = {}) => {
    const init = {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
        ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    };
    for (let repetition = 1; ; repetition += 1) {
      const outcome = await attempt(send, `${base}${path}`, init, isIdempotent);
      if ("answer" in outcome) return outcome.answer;
      if (!outcome.isSafeToRepeat || repetition > retries) throw outcome.error;
      await pause?.(repetition);
      signal?.throwIfAborted();
    }
  };
}

type Outcome = { readonly answer: unknown } | { readonly error: ClientError; readonly isSafeToRepeat: boolean };

async function attempt(send: typeof fetch, url: string, init: RequestInit, isIdempotent: boolean): Promise<Outcome> {
  let response: Response;
  try {
    response = await send(url, init);
  } catch (thrown) {
    if (init.signal?.aborted) throw thrown;
    const cause = thrown instanceof Error ? (thrown.cause as { readonly code?: unknown } | undefined) : undefined;
    // Only a refused connection is known to have brought nothing to the server; after any other break it may have predicted and logged.
    const isSafeToRepeat = isIdempotent || cause?.code === "ECONNREFUSED";
    const error = clientError("NOT_READY", `No answer from ${url}: ${String(cause?.code ?? thrown)}.`, {
      cause: thrown,
    });
    return { error, isSafeToRepeat };
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return { answer };
  return {
    error: refusal(response.status, answer, url),
    isSafeToRepeat: response.status === 503 || isTurnedAway(answer),
  };
}

/** Whether the server had too much to do and did nothing for the request. */
function isTurnedAway(answer: unknown): boolean {
  return (answer as { readonly error?: Partial<ClientError> } | undefined)?.error?.code === "OVERLOADED";
}

function refusal(status: number, answer: unknown, url: string): ClientError {
  const told = (answer as { readonly error?: Partial<ClientError> } | undefined)?.error;
  const code = told?.code ?? (status === 503 ? "NOT_READY" : "INTERNAL");
  const message = told?.message ?? `${url} answered ${status}, not as Slipway does; is the address right?`;
  return clientError(code, message, { status, details: told?.details ?? {} });
}

interface ErrorParts {
  readonly status?: number;
  readonly details?: ClientError["details"];
  readonly cause?: unknown;
}

/** An error as the client throws them. */
export function clientError(
  code: ErrorCode,
  message: string,
  { status, details = {}, cause }: ErrorParts = {},
): ClientError {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { name: "SlipwayError" as const, code, status, details });
}
