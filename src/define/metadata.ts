// Who answers for a definition, what it is, and how it is filed. Metadata is for people and searches: it is stored with the definition but
// is no part of its meaning, so that changing it changes no hash and fills nothing again.

import { SlipwayError } from "../core/core.ts";
import type { Expression } from "./expression.ts";
import type { FeatureDefinition } from "./feature-rule.ts";

/** What may be said about any definition and any single feature. */
export interface Metadata {
  /** Who answers for it: a person or a team. */
  readonly owner?: string;
  readonly description?: string;
  /** Free labels, such as `{ domain: "delays", pii: "no" }`. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** The metadata among some options, checked: DEFINITION_INVALID for what is not text. */
export function metadataOf(what: string, { owner, description, tags }: Metadata): Metadata {
  for (const [field, value] of Object.entries({ owner, description }))
    if (value !== undefined && typeof value !== "string")
      throw new SlipwayError("DEFINITION_INVALID", `${what}: ${field} must be a text.`);
  if (tags !== undefined)
    for (const [tag, value] of Object.entries(tags))
      if (typeof value !== "string" || tag === "" || tag.includes("="))
        throw new SlipwayError(
          "DEFINITION_INVALID",
          `${what}: tag "${tag}" must be a name without "=" and hold a text, such as tags: { domain: "delays" }.`,
        );
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** A feature with something said about it: `described(mean(rides.fare).over(days(7)), { description: "…" })`. */
export function described<F extends FeatureDefinition | Expression>(
  feature: F,
  metadata: Metadata,
): FeatureDefinition<F["type"]> {
  const rule = "rule" in feature ? feature.rule : ({ kind: "latest", value: feature.node } as const);
  return { type: feature.type, rule, ...metadataOf("described()", metadata) };
}
