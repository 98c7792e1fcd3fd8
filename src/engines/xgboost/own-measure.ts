// A metric of the user's own, between two rounds: it runs in the trainer's process, where its function is, over the scores that the training process sends and
// what the validation rows had beside their inputs when they went there.

import { type CustomMetricSpec, type MetricRows, measureCustom } from "../../define/define.ts";
import type { FitPlan } from "./fitting.ts";
import type { MatrixInfo } from "./matrices.ts";

/** Gathers the validation rows of one fit, then measures scores of them. */
export interface OwnMeasure {
  /** The plan's columns of the next rows. */
  add(columns: readonly Float32Array[]): void;
  /** `scores` are the bytes of float32, shape (rows) or (rows, classes). */
  measure(scores: Uint8Array): number;
}

/** A measure by a metric; nothing is gathered yet. */
export function ownMeasure(metric: CustomMetricSpec, { columns }: Pick<FitPlan, "columns">): OwnMeasure {
  const parts: (readonly Float32Array[])[] = [];
  let rows: Omit<MetricRows, "scores"> | undefined;
  const column = (...fields: readonly MatrixInfo[]): Float64Array | undefined => {
    const at = columns.findIndex((field) => fields.includes(field));
    return at < 0 ? undefined : joined(parts.map((part) => part[at] ?? new Float32Array(0)));
  };
  const gather = (): Omit<MetricRows, "scores"> => {
    const labels = column("label", "label_lower_bound") ?? new Float64Array(0);
    const [groups, upper] = [column("qid"), column("label_upper_bound")];
    return {
      labels,
      weights: column("weight") ?? new Float64Array(labels.length).fill(1),
      ...(groups ? { groups: Int32Array.from(groups) } : {}),
      ...(upper ? { upper } : {}),
    };
  };
  return {
    add: (own) => parts.push(own),
    measure: (bytes) => {
      rows ??= gather();
      return measureCustom(metric, {
        ...rows,
        scores: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4),
      });
    },
  };
}

function joined(parts: readonly Float32Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
