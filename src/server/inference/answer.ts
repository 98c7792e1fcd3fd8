// An answer as the protocol's REST form has it: JSON, and behind it what was asked for as raw bytes.

import type { Tensor } from "../../platform/platform.ts";
import { elementToJson } from "../../scoring/scoring.ts";
import { rawElements } from "./elements.ts";

/** What a model answered, before it takes the form of a road. */
export interface InferAnswer {
  readonly model: string;
  readonly version: number;
  readonly outputs: readonly Tensor[];
}

/** How an answer is wanted. */
export interface AnswerForm {
  readonly id: string | undefined;
  /** Whether an output goes back as raw bytes. */
  readonly isBinary: (output: string) => boolean;
}

/** An answer's bytes. */
export interface AnswerBody {
  readonly json: string;
  /** What follows the JSON, when an output goes back as bytes. */
  readonly binary: Buffer | undefined;
}

/** Writes an answer. */
export function answerBody({ model, version, outputs }: InferAnswer, { id, isBinary }: AnswerForm): AnswerBody {
  const parts: Buffer[] = [];
  const written = outputs.map((tensor) => {
    const { name, datatype, shape, data } = tensor;
    // FP16 has no form in JSON.
    if (!isBinary(name) && datatype !== "FP16")
      return {
        name,
        datatype,
        shape,
        data: Array.from<number | bigint | string, unknown>(data, (each) => elementToJson(datatype, each)),
      };
    const bytes = rawElements(tensor);
    parts.push(bytes);
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } };
  });
  const answer = {
    model_name: model,
    model_version: String(version),
    ...(id === undefined ? {} : { id }),
    outputs: written,
  };
  return { json: JSON.stringify(answer), binary: parts.length === 0 ? undefined : Buffer.concat(parts) };
}
