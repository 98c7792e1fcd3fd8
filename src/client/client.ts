// The door of `client`: predictions over HTTP from any JavaScript that has fetch, typed by the model's definition. Definitions are only
// needed as types: `client.predict<typeof flightDelay>("flight_delay", row)` pulls nothing of Slipway into a browser's bundle.

import type { ErrorCode } from "../core/core.ts";
import type { Model, RowOf } from "../define/define.ts";

/** How to reach a server. */
export interface ClientOptions {
  /** Where it answers: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** How often a request is sent again when the server is not ready or not there; default 2. Nothing else is ever repeated. */
  readonly retries?: number;
  /** Waits before the given repetition, counted from 1; default not at all. */
  readonly pause?: (repetition: number) => Promise<unknown>;
  /** Default the global one. */
  readonly fetch?: typeof fetch;
}

/** What may accompany one prediction. */
export interface PredictOptions {
  /** Your name for the prediction: its label is found by it. */
  readonly id?: string;
  readonly signal?: AbortSignal;
}

/** One prediction, as the server answers it. */
export interface ClientPrediction {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  /** For binary classification the probability of a true label; null when the model gave no number. */
  readonly score: number | null;
  /** When it was made, in ISO 8601. */
  readonly at: string;
  /** How fresh each feature view was. */
  readonly features: Readonly<
    Record<
      string,
      {
        readonly status: "present" | "expired" | "missing";
        readonly age_seconds: number | null;
        readonly materialized_through: string | null;
      }
    >
  >;
}

/** A row as it travels: instants as Date or ISO text, because a bare number would not say its unit. */
export type ClientRow<Row> = { readonly [K in keyof Row]: Sent<Row[K]> };

type Sent<V> = Date extends V ? (boolean extends V ? V : Exclude<V, bigint>) : V;

/** Any row, for models that are only known by name. */
export type UntypedRow = Readonly<Record<string, string | number | bigint | boolean | Date | null | undefined>>;

/** A refusal by the server, or none at all. */
export interface ClientError extends Error {
  readonly name: "SlipwayError";
  readonly code: ErrorCode;
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Talks to one server. */
export interface Client {
  /** Asks for one prediction of a model that is at hand. Throws a {@link ClientError}. */
  predict<M extends Model>(model: M, row: ClientRow<RowOf<M>>, options?: PredictOptions): Promise<ClientPrediction>;
  /** Asks for one prediction of a model by name, typed when `M` is given: `predict<typeof flightDelay>("flight_delay", row)`. */
  predict<M extends Model = Model<UntypedRow>>(
    model: string,
    row: ClientRow<RowOf<M>>,
    options?: PredictOptions,
  ): Promise<ClientPrediction>;
}

/** Makes a client of the server at `url`. */
export function createClient(options: ClientOptions): Client {
  const { retries = 2, pause, fetch: send = fetch } = options;
  const base = options.url.replace(/\/+$/, "");

  async function ask(url: string, init: RequestInit): Promise<ClientPrediction> {
    for (let repetition = 1; ; repetition += 1) {
      const outcome = await attempt(send, url, init);
      if ("prediction" in outcome) return outcome.prediction;
      if (!outcome.isSafeToRepeat || repetition > retries) throw outcome.error;
      await pause?.(repetition);
      init.signal?.throwIfAborted();
    }
  }

  return {
    async predict(model: Model | string, row: unknown, { id, signal }: PredictOptions = {}) {
      const name = typeof model === "string" ? model : model.name;
      // Written once: a repetition asks for the same prediction, under the same id.
      const body = JSON.stringify({ id, row: plainRow(row as UntypedRow) });
      return ask(`${base}/api/v1/models/${encodeURIComponent(name)}/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        ...(signal ? { signal } : {}),
      });
    },
  };
}

type Outcome =
  | { readonly prediction: ClientPrediction }
  | { readonly error: ClientError; readonly isSafeToRepeat: boolean };

async function attempt(send: typeof fetch, url: string, init: RequestInit): Promise<Outcome> {
  let response: Response;
  try {
    response = await send(url, init);
  } catch (thrown) {
    if (init.signal?.aborted) throw thrown;
    const cause = thrown instanceof Error ? (thrown.cause as { readonly code?: unknown } | undefined) : undefined;
    // Only a refused connection is known to have brought nothing to the server; after any other break it may have predicted and logged.
    const isSafeToRepeat = cause?.code === "ECONNREFUSED";
    const error = clientError("NOT_READY", `No answer from ${url}: ${String(cause?.code ?? thrown)}.`, {
      cause: thrown,
    });
    return { error, isSafeToRepeat };
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return { prediction: answer as ClientPrediction };
  return { error: refusal(response.status, answer, url), isSafeToRepeat: response.status === 503 };
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

function clientError(code: ErrorCode, message: string, { status, details = {}, cause }: ErrorParts = {}): ClientError {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { name: "SlipwayError" as const, code, status, details });
}

function plainRow(row: UntypedRow): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(name, value)]));
}

function plainValue(name: string, value: UntypedRow[string]): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    // JSON numbers lose whole numbers beyond 2^53.
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (value instanceof Date || (typeof value === "number" && !Number.isFinite(value)))
    throw clientError(
      "INPUT_INVALID",
      `"${name}" is ${String(value)}, which JSON cannot carry; give null for missing.`,
    );
  return value;
}
