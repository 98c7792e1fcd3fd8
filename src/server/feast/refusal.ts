// What Feast's own server says when it refuses. Its errors are a JSON string that holds JSON, naming a Python class that Feast's client raises
// again; what is no error of Feast's own is the bare text of a Python exception; a body of the wrong shape is FastAPI's list of details.

import { SlipwayError } from "../../core/core.ts";
import type { Refusal, RefusalForm } from "../refusal.ts";

/** Classes of `feast.errors` with the status that Feast answers them with. */
const classes = {
  FeatureViewNotFoundException: 404,
  FeatureServiceNotFoundException: 404,
  RequestDataNotFoundInEntityRowsException: 404,
  PushSourceNotFoundException: 422,
  FeatureNameCollisionError: 500,
  FeastError: 501,
} as const;

type FeastClass = keyof typeof classes;

/** An error of Feast's own, for its client to raise again. */
export function feastError(name: FeastClass, message: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", message, { details: { feast: name } });
}

/** Any other Python exception that Feast would let through: status 500 and its text. */
export function pythonError(message: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", message, { details: { feast: "python" } });
}

/** A Python KeyError, whose text is its message quoted once more. */
export function keyError(message: string): SlipwayError {
  return pythonError(pythonText(message));
}

/** One thing that is wrong with a body, as FastAPI tells it. */
export interface BodyProblem {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  /** What was sent there. */
  readonly input?: unknown;
}

/** A body of the wrong shape. */
export function bodyError(problem: BodyProblem): SlipwayError {
  return new SlipwayError("INPUT_INVALID", problem.msg, { details: { feast: "body", problem } });
}

/** A text as Python shows it. */
export function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return `${quote}${text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll(quote, `\\${quote}`)}${quote}`;
}

/** A list of texts as Python shows it. */
export function pythonList(texts: readonly string[]): string {
  return `[${texts.map(pythonText).join(", ")}]`;
}

/** A refusal with the status that Feast's server gives it. */
export function feastRefusal(refusal: Refusal): Refusal {
  const kind = refusal.details["feast"];
  if (kind === "python") return { ...refusal, status: 500 };
  if (kind === "body") return { ...refusal, status: 422 };
  return isClass(kind) ? { ...refusal, status: classes[kind] } : refusal;
}

/** Feast's form. What Feast has no word for is the text alone, as for any exception that is not its own. */
export const feastForm: RefusalForm = ({ message, details }) => {
  const kind = details["feast"];
  if (kind === "body") return JSON.stringify({ detail: [details["problem"]] });
  if (!isClass(kind)) return JSON.stringify(message);
  return JSON.stringify(`{"module": "feast.errors", "class": "${kind}", "message": ${JSON.stringify(message)}}`);
};

function isClass(kind: unknown): kind is FeastClass {
  return typeof kind === "string" && Object.hasOwn(classes, kind);
}
