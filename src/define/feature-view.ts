// Feature views: named features of one entity, computed from one source.

import { type ColumnSchema, type DataType, type Duration, SlipwayError, sameType, typeText } from "../core/core.ts";
import { checkName, type Definition, frozen, type Spec, spec, specOf, versionedName } from "./definition.ts";
import type { Entity } from "./entity.ts";
import { type ExpectationSpec, type ExpectedValue, expectationSpecs } from "./expectation.ts";
import { type Expression, expressionOf, isExpression } from "./expression.ts";
import { featureLeaf } from "./feature-leaf.ts";
import { expressionsOf, type FeatureDefinition, type FeatureRule } from "./feature-rule.ts";
import type { Fields } from "./field.ts";
import { type Metadata, metadataOf } from "./metadata.ts";
import { leavesOf } from "./node.ts";
import type { SourceSpec } from "./source.ts";

/** One feature as plain data. */
export interface FeatureSpec extends Metadata {
  readonly name: string;
  readonly type: DataType;
  readonly rule: FeatureRule;
}

/** A feature view as plain data; `keys` are columns of the source. A version above 1 is part of its name: `carrier_delays@2`. */
export interface FeatureViewSpec extends Spec {
  readonly kind: "featureView";
  readonly entity: string;
  readonly keys: readonly ColumnSchema[];
  readonly source: SourceSpec;
  /** How old the newest row may be, bounds inclusive; absent means any age. Windows are not clipped by it. */
  readonly ttl?: Duration;
  readonly features: readonly FeatureSpec[];
  /** What values must keep to when they are read; one that a rejecting expectation fails is null, online and offline. */
  readonly expect?: readonly ExpectationSpec[];
}

/** Feature types by feature name. */
export type FeatureTypes = Readonly<Record<string, DataType>>;

/** A feature view; `view.features.x` is a typed reference to one feature, usable in a model and in expressions. */
export interface FeatureView<K extends Fields = Fields, F extends FeatureTypes = FeatureTypes>
  extends Definition<FeatureViewSpec> {
  readonly name: string;
  readonly entity: Entity<K>;
  readonly features: { readonly [N in keyof F]: FeatureReference<K, F[N]> };
}

/** One feature of one view. */
export interface FeatureReference<K extends Fields = Fields, T extends DataType = DataType> extends Expression<T> {
  /** The view it belongs to. */
  readonly [viewOf]: () => FeatureView<K>;
}

/** Leads from a feature reference to its view. */
export const viewOf: unique symbol = Symbol.for("slipway.viewOf") as never;

type Declared = Readonly<Record<string, FeatureDefinition | Expression>>;
type TypesOf<D extends Declared> = { readonly [N in keyof D]: D[N]["type"] };

/** The options of a feature view. */
export interface FeatureViewOptions<K extends Fields, D extends Declared> extends Metadata {
  readonly entity: Entity<K>;
  /** Must have the entity's keys as columns, with the same types. */
  readonly source: Definition<SourceSpec> & { readonly [N in keyof K]: Expression<K[N]["type"]> };
  /** How old the newest row may be; 0 means exactly the time asked. Leave out for no limit. */
  readonly ttl?: Duration;
  /** An aggregate over a window, `latest(...)`, `age(...)`, or an expression (its newest value). */
  readonly features: D;
  /**
   * What values must keep to when they are read: `[between("mean_delay_24h", -120, 2000)]`. The features of a failed one are null, with the status
   * `rejected`; with `.orWarn()` they are served and counted.
   */
  readonly expect?: readonly ExpectedValue<TypesOf<D>>[];
  /** Above 1, this view lives beside the earlier versions of its name, with values of its own, and is called `name@version`. */
  readonly version?: number;
}

/** Declares features of an entity, computed from a source. */
export function featureView<const K extends Fields, const D extends Declared>(
  family: string,
  options: FeatureViewOptions<K, D>,
): FeatureView<K, TypesOf<D>> {
  const name = versionedName("feature view", family, options.version);
  const source = specOf(options.source);
  const keys = specOf(options.entity).keys;
  for (const key of keys) {
    const column = source.columns.find((candidate) => candidate.name === key.name);
    if (!sameType(column?.type, key.type))
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `feature view "${name}" needs key "${key.name}" (${typeText(key.type)}) in source "${source.name}", which has ${column ? `it as ${typeText(column.type)}` : "no such column"}.`,
      );
  }
  const features = Object.entries(options.features).map(([feature, declared]) =>
    featureSpec(name, source, feature, declared),
  );
  if (features.length === 0)
    throw new SlipwayError("DEFINITION_INVALID", `feature view "${name}" declares no feature.`);
  const { ttl } = options;
  if (ttl !== undefined && ttl < 0n)
    throw new SlipwayError("DEFINITION_INVALID", `feature view "${name}" has a negative ttl.`);
  const faces = Object.fromEntries(
    features.map((feature) => [feature.name, expressionOf(featureLeaf(name, feature, () => own))]),
  );
  const expect = expectationSpecs(`feature view "${name}"`, options.expect ?? [], faces);
  if (expect.some(({ severity }) => severity === "stop"))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `feature view "${name}" has an expectation that stops. Values are read one by one: let it reject them, or write .orWarn().`,
    );
  const own: FeatureViewSpec = frozen({
    kind: "featureView",
    name,
    entity: options.entity.name,
    keys,
    source,
    ...(ttl === undefined ? {} : { ttl }),
    features,
    ...(expect.length === 0 ? {} : { expect }),
    ...metadataOf(`feature view "${name}"`, options),
  });
  const references = Object.entries(faces).map(([feature, each]) => [feature, reference(each, () => view)]);
  const view = Object.freeze({
    name,
    entity: options.entity,
    features: Object.freeze(Object.fromEntries(references)),
    [spec]: own,
  }) as FeatureView<K, TypesOf<D>>;
  return view;
}

function reference(expression: Expression, view: () => FeatureView): Expression {
  const face = Object.create(Object.getPrototypeOf(expression), Object.getOwnPropertyDescriptors(expression));
  Object.defineProperty(face, viewOf, { value: view });
  return Object.freeze(face);
}

function featureSpec(
  view: string,
  source: SourceSpec,
  name: string,
  declared: FeatureDefinition | Expression,
): FeatureSpec {
  checkName("feature", name);
  if (!("rule" in declared) && !isExpression(declared))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `feature "${view}.${name}" is neither a feature nor an expression. An aggregate needs .over(window); several windows at once are spread: ...count().over({ rides_1h: hours(1) }).`,
    );
  const rule: FeatureRule = "rule" in declared ? declared.rule : { kind: "latest", value: declared.node };
  for (const leaf of expressionsOf(rule).flatMap(leavesOf))
    if (leaf.kind !== "column" || leaf.source !== source.name)
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `feature "${view}.${name}" uses "${leaf.name}", which is not a column of its source "${source.name}".`,
      );
  if (source.eventTime === undefined && rule.kind !== "latest")
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `feature "${view}.${name}" needs event times, but source "${source.name}" is static. Give the source an eventTime.`,
    );
  const about = "rule" in declared ? metadataOf(`feature "${view}.${name}"`, declared) : {};
  return { name, type: declared.type, rule, ...about };
}
