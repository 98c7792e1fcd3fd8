// A version that stands alone: everything of it and of its model's definition that an answer needs, as one document. No records, no online
// store and no definitions stand behind it, so what a row needs and the document does not hold has to come with the request.

import { type Calibration, type ColumnSchema, SlipwayError, type VersionInput } from "../core/core.ts";
import { featuresRead, type ModelSpec } from "../define/define.ts";
import { rowFields } from "./asked-row.ts";
import type { ScoredModel } from "./cells.ts";

/** A version, as its records have it. */
export interface LoneVersion {
  readonly number: number;
  /** What a runtime must know how to load. */
  readonly format: string;
  /** The SHA-256 of the artifact's bytes. */
  readonly artifactHash: string;
  /** How many rounds of a boosted model answer; 0 for all. */
  readonly bestRound: number;
  readonly inputs: readonly VersionInput[];
  readonly classes: readonly string[] | null;
  readonly calibration: Calibration | null;
}

/** A version with what its model's definition says of a row. */
export interface LoneModel extends LoneVersion {
  readonly model: ScoredModel;
  /** What a row holds: request values, and the features that callers send. */
  readonly fields: readonly ColumnSchema[];
  /** The views whose features callers send. */
  readonly views: readonly string[];
}

/**
 * Puts a version together with its model's definition. Throws INPUT_INVALID for a model that reads features, unless callers are to send
 * their values, and for one in which their names would mean two things.
 */
export function loneModel(
  model: ModelSpec,
  version: LoneVersion,
  { featuresAreSent = false }: { readonly featuresAreSent?: boolean } = {},
): LoneModel {
  const { name, inputs, views } = model;
  const read = featuresRead(inputs);
  if (read.length > 0 && !featuresAreSent)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Model "${name}" reads ${read.length} features of ${views.map((view) => view.name).join(", ")}, and nothing that stands alone can look them up. ` +
        "Serve it with slipway serve, or let callers send the features' values: --features request.",
      { details: { model: name, features: read.map(({ view, feature }) => `${view}.${feature}`) } },
    );
  const fields = new Map(rowFields({ ...model, views: [] }).map((field) => [field.name, field]));
  for (const { view, feature } of read) {
    if (fields.has(feature))
      throw new SlipwayError(
        "INPUT_INVALID",
        `Model "${name}" reads two values that are called "${feature}", so a caller could not send the one of ${view}. Rename one, or serve the model with slipway serve.`,
        { details: { model: name, field: feature } },
      );
    const type = views.find((each) => each.name === view)?.features.find((each) => each.name === feature)?.type;
    // A feature that nothing is known of is null, as it is when it is looked up.
    if (type !== undefined) fields.set(feature, { name: feature, type, optional: true });
  }
  return {
    ...version,
    model: { name, inputs },
    fields: [...fields.values()],
    views: [...new Set(read.map(({ view }) => view))],
  };
}

/** Where the parts of a lone model are, below the folder it stands in. */
export const LONE_FILES = { document: "model/model.json", artifact: "model/artifact" } as const;

/** A lone model as text that {@link loneModelFrom} reads back to the last bit. */
export function loneModelText(model: LoneModel): string {
  return `${JSON.stringify(model, (_, value: unknown) => marked(value), 2)}\n`;
}

/** Reads a lone model. The text is trusted as code is: it stands beside it, and both are held to one manifest. */
export function loneModelFrom(text: string): LoneModel {
  return JSON.parse(text, (_, value: unknown) => unmarked(value)) as LoneModel;
}

/** JSON has no bigint, no -0 and no numbers that are none. */
function marked(value: unknown): unknown {
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { $number: Object.is(value, -0) ? "-0" : String(value) };
  return value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString("base64") } : value;
}

function unmarked(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("$bigint" in value) return BigInt(String(value.$bigint));
  if ("$number" in value) return Number(value.$number);
  return "$bytes" in value ? new Uint8Array(Buffer.from(String(value.$bytes), "base64")) : value;
}
