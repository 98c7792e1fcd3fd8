// Features computed from features: a derived view from those of other views with its entity's keys, an on-demand view from request values as well.
// Each is an expression over stored features, read by SQL and by the row function like any other, so that it needs no storage and no second
// implementation. A reference to one is its expression: whoever uses it uses what it is made of.

import { type ColumnSchema, type DataType, SlipwayError, sameType, typeText } from "../core/core.ts";
import { checkName, type Definition, frozen, type Spec, spec, specOf, versionedName } from "./definition.ts";
import type { Entity } from "./entity.ts";
import { type Expression, expressionOf, isExpression } from "./expression.ts";
import { viewOfLeaf } from "./feature-leaf.ts";
import type { FeatureDefinition } from "./feature-rule.ts";
import type { FeatureReference, FeatureTypes, FeatureViewSpec } from "./feature-view.ts";
import { type Fields, schemaOf } from "./field.ts";
import { type Metadata, metadataOf } from "./metadata.ts";
import { type ExpressionNode, type LeafNode, leavesOf } from "./node.ts";

/** One derived feature as plain data; its leaves are stored features, and request values of an on-demand view. */
export interface DerivedFeatureSpec extends Metadata {
  readonly name: string;
  readonly type: DataType;
  readonly value: ExpressionNode;
}

/** A derived view as plain data. */
export interface DerivedViewSpec extends Spec {
  readonly kind: "derivedView";
  readonly entity: string;
  readonly keys: readonly ColumnSchema[];
  /** The views it is computed from; each is keyed by all or some of `keys`. */
  readonly views: readonly FeatureViewSpec[];
  readonly features: readonly DerivedFeatureSpec[];
}

/** An on-demand view as plain data. */
export interface OnDemandSpec extends Spec {
  readonly kind: "onDemand";
  /** The keys of all views it is computed from. */
  readonly keys: readonly ColumnSchema[];
  readonly views: readonly FeatureViewSpec[];
  /** Values only known when asked. */
  readonly request: readonly ColumnSchema[];
  readonly features: readonly DerivedFeatureSpec[];
}

/** Leads from a reference to a derived feature to where it is declared. */
export const derivedOf: unique symbol = Symbol.for("slipway.derivedOf") as never;

declare const derivedKeys: unique symbol;
declare const derivedRequest: unique symbol;

/** What the types of derived things carry: the keys and request fields that whoever uses them has to give. */
interface Asks<K extends Fields, R extends Fields> {
  readonly [derivedKeys]?: K;
  readonly [derivedRequest]?: R;
}

/** One derived feature: an expression, and where it is declared. */
export interface DerivedReference<
  K extends Fields = Fields,
  R extends Fields = Record<never, never>,
  T extends DataType = DataType,
> extends Expression<T>,
    Asks<K, R> {
  readonly [derivedOf]: { readonly spec: DerivedViewSpec | OnDemandSpec; readonly feature: string };
}

/** A view over other views. */
export interface DerivedView<K extends Fields = Fields, F extends FeatureTypes = FeatureTypes>
  extends Definition<DerivedViewSpec>,
    Asks<K, Record<never, never>> {
  readonly name: string;
  readonly features: { readonly [N in keyof F]: DerivedReference<K, Record<never, never>, F[N]> };
}

/** A view over other views and request values. */
export interface OnDemand<
  K extends Fields = Fields,
  R extends Fields = Record<never, never>,
  F extends FeatureTypes = FeatureTypes,
> extends Definition<OnDemandSpec>,
    Asks<K, R> {
  readonly name: string;
  readonly features: { readonly [N in keyof F]: DerivedReference<K, R, F[N]> };
}

type Declared = FeatureDefinition | Expression;
type TypesOf<D extends Readonly<Record<string, Declared>>> = { readonly [N in keyof D]: D[N]["type"] };

/** The options of a derived view. */
export interface DerivedViewOptions<K extends Fields, D extends Readonly<Record<string, Declared>>> extends Metadata {
  readonly entity: Entity<K>;
  /** Expressions over features of other views, such as `delays.features.mean.dividedBy(traffic.features.count)`. */
  readonly features: D;
  /** Above 1, this view lives beside the earlier versions of its name, and is called `name@version`. */
  readonly version?: number;
}

/** Declares features of an entity, computed from features of other views: as of a time, from what these are as of that time. */
export function derivedView<const K extends Fields, const D extends Readonly<Record<string, Declared>>>(
  family: string,
  options: DerivedViewOptions<K, D>,
): DerivedView<K, TypesOf<D>> {
  const name = versionedName("derived view", family, options.version);
  const what = `derived view "${name}"`;
  const { name: entity, keys } = specOf(options.entity);
  const features = featureSpecs(what, options.features);
  const views = viewsOf(what, features, (leaf) => {
    if (leaf.kind !== "feature")
      throw invalid(what, `uses "${leaf.name}", which is no feature. Compute it from features of other views.`);
  });
  for (const view of views)
    for (const key of view.keys)
      if (!keys.some((own) => own.name === key.name && sameType(own.type, key.type)))
        throw invalid(
          what,
          `uses feature view "${view.name}", which is keyed by "${key.name}" (${typeText(key.type)}); entity "${entity}" has the keys ${keys.map((own) => `${own.name} (${typeText(own.type)})`).join(", ")}.`,
        );
  const about = metadataOf(what, options);
  const own: DerivedViewSpec = frozen({ kind: "derivedView", name, entity, keys, views, features, ...about });
  return Object.freeze({ name, features: references(own), [spec]: own }) as unknown as DerivedView<K, TypesOf<D>>;
}

type Inputs = Readonly<Record<string, FeatureReference | DerivedReference>>;
type KeysOfInput<I> = I extends FeatureReference<infer K> ? K : I extends DerivedReference<infer K> ? K : never;
type Together<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never;
type KeysOfInputs<I extends Inputs> = [keyof I] extends [never]
  ? Record<never, never>
  : Together<KeysOfInput<I[keyof I]>> extends infer K extends Fields
    ? K
    : Fields;

/** What an on-demand feature may use. */
export interface OnDemandScope<I extends Inputs, R extends Fields> {
  readonly request: { readonly [N in keyof R]: Expression<R[N]["type"]> };
  readonly features: { readonly [N in keyof I]: Expression<I[N]["type"]> };
}

type Rules<I extends Inputs, R extends Fields> = Readonly<Record<string, (scope: OnDemandScope<I, R>) => Declared>>;
type RuleTypes<D extends Readonly<Record<string, (scope: never) => Declared>>> = {
  readonly [N in keyof D]: ReturnType<D[N]>["type"];
};

/** The options of an on-demand view. */
export interface OnDemandOptions<I extends Inputs, R extends Fields, D extends Rules<I, R>> extends Metadata {
  /** Stored features, under the names that `features` uses. */
  readonly inputs?: I;
  /** Values only known when asked; a model that uses these features asks for them. */
  readonly request: R;
  /** `({ request, features }) => request.distance.dividedBy(features.speed)` */
  readonly features: D;
  readonly version?: number;
}

/** Declares features that are computed when asked for, from request values and stored features; any model may use them. */
export function onDemand<
  const R extends Fields,
  const D extends Rules<I, R>,
  const I extends Inputs = Record<never, never>,
>(family: string, options: OnDemandOptions<I, R, D>): OnDemand<KeysOfInputs<I>, R, RuleTypes<D>> {
  const name = versionedName("on-demand view", family, options.version);
  const what = `on-demand view "${name}"`;
  const request = schemaOf(options.request);
  const asked = request.map((field) => [field.name, expressionOf({ kind: "row", name: field.name, type: field.type })]);
  const scope = { request: Object.fromEntries(asked), features: options.inputs ?? {} } as OnDemandScope<I, R>;
  const declared = Object.entries(options.features).map(([feature, rule]) => [feature, rule(scope)] as const);
  const features = featureSpecs(what, Object.fromEntries(declared));
  const views = viewsOf(what, features, (leaf) => {
    if (leaf.kind === "column" || (leaf.kind === "row" && !request.some((field) => field.name === leaf.name)))
      throw invalid(what, `uses "${leaf.name}", which is neither in its request nor among its inputs.`);
  });
  const keys = [...new Map(views.flatMap((view) => view.keys).map((key) => [key.name, key])).values()];
  const about = metadataOf(what, options);
  const own: OnDemandSpec = frozen({ kind: "onDemand", name, keys, views, request, features, ...about });
  return Object.freeze({ name, features: references(own), [spec]: own }) as unknown as OnDemand<
    KeysOfInputs<I>,
    R,
    RuleTypes<D>
  >;
}

function featureSpecs(
  what: string,
  declared: Readonly<Record<string, FeatureDefinition | Expression>>,
): readonly DerivedFeatureSpec[] {
  const features = Object.entries(declared).map(([name, each]): DerivedFeatureSpec => {
    checkName("feature", name);
    if (isExpression(each)) return { name, type: each.type, value: each.node };
    // `described` wraps an expression as a newest value.
    if (each.rule?.kind === "latest")
      return { name, type: each.type, value: each.rule.value, ...metadataOf(`${what}, feature "${name}"`, each) };
    throw invalid(
      what,
      `feature "${name}" is no expression. Aggregates and ages belong in a feature view over a source.`,
    );
  });
  if (features.length === 0) throw invalid(what, "declares no feature.");
  return features;
}

function viewsOf(
  what: string,
  features: readonly DerivedFeatureSpec[],
  check: (leaf: LeafNode) => void,
): readonly FeatureViewSpec[] {
  const views = new Map<string, FeatureViewSpec>();
  for (const leaf of features.flatMap(({ value }) => leavesOf(value))) {
    check(leaf);
    if (leaf.kind !== "feature") continue;
    const view = viewOfLeaf(leaf);
    const known = views.get(view.name);
    if (known && known !== view) throw invalid(what, `uses two feature views called "${view.name}"; rename one.`);
    views.set(view.name, view);
  }
  return [...views.values()];
}

function references(own: DerivedViewSpec | OnDemandSpec): Readonly<Record<string, Expression>> {
  const faces = own.features.map(({ name, type, value }) => {
    const plain = expressionOf(value as ExpressionNode & { type: typeof type });
    const face = Object.create(Object.getPrototypeOf(plain), Object.getOwnPropertyDescriptors(plain));
    Object.defineProperty(face, derivedOf, { value: { spec: own, feature: name } });
    return [name, Object.freeze(face) as Expression] as const;
  });
  return Object.freeze(Object.fromEntries(faces));
}

function invalid(what: string, problem: string): SlipwayError {
  return new SlipwayError("DEFINITION_INVALID", `${what} ${problem}`);
}
