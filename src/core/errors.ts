// One error class for everything Slipway refuses, and one table that says what each code means to HTTP, gRPC and a shell.
// Add a code here first, then a section in docs/errors.md: a test holds the two together.

/** What a code means outside the process. `grpc` is the numeric status of grpc/status.proto; `exit` follows sysexits.h. */
export interface ErrorMeaning {
  readonly http: number;
  readonly grpc: number;
  readonly exit: number;
  /** Whether doing the same thing again later can succeed without a change. */
  readonly retry: boolean;
}

const EXIT = {
  usage: 64,
  data: 65,
  noInput: 66,
  unavailable: 69,
  internal: 70,
  noWrite: 73,
  tempFail: 75,
  noPermission: 77,
  config: 78,
};

/** Every code with its meaning outside the process. */
export const errorTable = {
  USAGE: { http: 400, grpc: 3, exit: EXIT.usage, retry: false },
  INPUT_INVALID: { http: 400, grpc: 3, exit: EXIT.data, retry: false },
  CONFIG_NOT_FOUND: { http: 500, grpc: 9, exit: EXIT.config, retry: false },
  CONFIG_INVALID: { http: 500, grpc: 9, exit: EXIT.config, retry: false },
  DEFINITION_INVALID: { http: 400, grpc: 3, exit: EXIT.config, retry: false },
  DEFINITION_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  CHANGE_BREAKING: { http: 409, grpc: 9, exit: EXIT.config, retry: false },
  NOT_APPLIED: { http: 409, grpc: 9, exit: EXIT.config, retry: false },
  SOURCE_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.noInput, retry: false },
  SOURCE_UNAVAILABLE: { http: 503, grpc: 14, exit: EXIT.unavailable, retry: true },
  SOURCE_UNREADABLE: { http: 422, grpc: 9, exit: EXIT.data, retry: false },
  SOURCE_SCHEMA_MISMATCH: { http: 422, grpc: 9, exit: EXIT.data, retry: false },
  SOURCE_KEY_INVALID: { http: 422, grpc: 9, exit: EXIT.data, retry: false },
  EXPECTATION_FAILED: { http: 422, grpc: 9, exit: EXIT.data, retry: false },
  QUARANTINE_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  EVENT_CONFLICT: { http: 409, grpc: 6, exit: EXIT.data, retry: false },
  TRAINING_SET_EMPTY: { http: 422, grpc: 9, exit: EXIT.data, retry: false },
  LABEL_INVALID: { http: 422, grpc: 9, exit: EXIT.data, retry: false },
  LABEL_SINGLE_CLASS: { http: 422, grpc: 9, exit: EXIT.data, retry: false },
  SOURCE_CHANGED: { http: 409, grpc: 10, exit: EXIT.tempFail, retry: true },
  DATASET_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  DATASET_CORRUPT: { http: 500, grpc: 15, exit: EXIT.data, retry: false },
  TRAINER_FAILED: { http: 500, grpc: 13, exit: EXIT.internal, retry: false },
  LIBRARY_NOT_FOUND: { http: 500, grpc: 9, exit: EXIT.unavailable, retry: true },
  ENGINE_NOT_INSTALLED: { http: 500, grpc: 9, exit: EXIT.unavailable, retry: false },
  MODEL_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  ARCHIVE_INVALID: { http: 422, grpc: 3, exit: EXIT.data, retry: false },
  SIGNATURE_REFUSED: { http: 403, grpc: 7, exit: EXIT.data, retry: false },
  MODEL_NOT_SERVABLE: { http: 422, grpc: 9, exit: EXIT.data, retry: false },
  NOT_EXPLAINABLE: { http: 422, grpc: 9, exit: EXIT.data, retry: false },
  VERSION_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  EXPERIMENT_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  TAG_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  WEBHOOK_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  ALERT_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  DELIVERY_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  ALREADY_EXISTS: { http: 409, grpc: 6, exit: EXIT.data, retry: false },
  ARTIFACT_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  METRIC_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  REVISION_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  RUN_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  STUDY_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  TRIAL_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  ROUTE_NOT_FOUND: { http: 404, grpc: 12, exit: EXIT.usage, retry: false },
  GATE_FAILED: { http: 409, grpc: 9, exit: EXIT.config, retry: false },
  ENVIRONMENT_DIFFERS: { http: 409, grpc: 9, exit: EXIT.config, retry: false },
  NOT_REPRODUCED: { http: 409, grpc: 9, exit: EXIT.data, retry: false },
  FEATURES_MISMATCH: { http: 409, grpc: 9, exit: EXIT.config, retry: false },
  ARTIFACT_CORRUPT: { http: 500, grpc: 15, exit: EXIT.data, retry: false },
  LOG_CORRUPT: { http: 500, grpc: 15, exit: EXIT.data, retry: false },
  OVERLOADED: { http: 429, grpc: 8, exit: EXIT.tempFail, retry: true },
  DEADLINE_EXCEEDED: { http: 504, grpc: 4, exit: EXIT.tempFail, retry: true },
  NOT_READY: { http: 503, grpc: 14, exit: EXIT.tempFail, retry: true },
  USER_NOT_FOUND: { http: 404, grpc: 5, exit: EXIT.usage, retry: false },
  SIGN_IN_NEEDED: { http: 401, grpc: 16, exit: EXIT.noPermission, retry: false },
  FORBIDDEN: { http: 403, grpc: 7, exit: EXIT.noPermission, retry: false },
  STATE_LOCKED: { http: 409, grpc: 10, exit: EXIT.tempFail, retry: true },
  RECORDS_UNAVAILABLE: { http: 503, grpc: 14, exit: EXIT.unavailable, retry: true },
  STATE_FORMAT_UNKNOWN: { http: 500, grpc: 9, exit: EXIT.config, retry: false },
  STATE_NOT_WRITABLE: { http: 500, grpc: 9, exit: EXIT.noWrite, retry: false },
  MEMORY_EXHAUSTED: { http: 503, grpc: 8, exit: EXIT.unavailable, retry: false },
  STORAGE_FULL: { http: 507, grpc: 8, exit: EXIT.noWrite, retry: true },
  ADDRESS_REFUSED: { http: 400, grpc: 7, exit: EXIT.data, retry: false },
  ADDRESS_UNREACHABLE: { http: 502, grpc: 14, exit: EXIT.unavailable, retry: true },
  CHANNEL_FAILED: { http: 502, grpc: 14, exit: EXIT.unavailable, retry: true },
  PORT_IN_USE: { http: 500, grpc: 9, exit: EXIT.unavailable, retry: true },
  CANCELLED: { http: 499, grpc: 1, exit: 130, retry: true },
  INTERNAL: { http: 500, grpc: 13, exit: EXIT.internal, retry: false },
} as const satisfies Record<string, ErrorMeaning>;

/** A stable name for one kind of refusal; docs/errors.md explains each. */
export type ErrorCode = keyof typeof errorTable;

/** What may accompany an error: its cause, and machine-readable details. */
export interface ErrorContext {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The one error Slipway throws on purpose: the message names the thing, its value and the next step. */
export class SlipwayError extends Error {
  override readonly name = "SlipwayError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.details = context.details ?? {};
  }
}

/** Any thrown value as a SlipwayError: a full disk and a read-only folder get their codes, everything else is INTERNAL. */
export function asSlipwayError(thrown: unknown): SlipwayError {
  if (thrown instanceof SlipwayError) return thrown;
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = "code" in cause ? String(cause.code) : "";
  const text = cause.message;
  if (code === "ENOSPC" || /No space left on device|database or disk is full|MDB_MAP_FULL/i.test(text))
    return new SlipwayError("STORAGE_FULL", `No space left to write: ${text}. Free some space, then run it again.`, {
      cause,
    });
  if (
    code === "EROFS" ||
    code === "EACCES" ||
    code === "EPERM" ||
    /readonly database|read-only file system|permission denied/i.test(text)
  )
    return new SlipwayError(
      "STATE_NOT_WRITABLE",
      `Cannot write here: ${text}. Check the folder's permissions, or choose another with --state.`,
      { cause },
    );
  return new SlipwayError("INTERNAL", `Unexpected failure: ${text}`, { cause });
}
