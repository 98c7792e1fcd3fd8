// What may be tried, as values: each parameter is a frozen fact, a space is a named list of them in order, a parent before its children. The
// type of a trial's params follows from the space; a parameter with `when` may be absent, so it is optional there.

import { checkSpace } from "./check-space.ts";

/** A value that a parameter can take. */
export type ParameterValue = number | string | boolean;

/** Which values of which earlier parameters a parameter exists for; all must hold. */
export type When = Readonly<Record<string, readonly ParameterValue[]>>;

/** A real number in [low, high], both ends allowed; on low + k·step where there is a step. */
export interface FloatParameter {
  readonly kind: "float";
  readonly low: number;
  readonly high: number;
  readonly log?: boolean;
  readonly step?: number;
  readonly when?: When;
}

/** A whole number in [low, high], both ends allowed; on low + k·step where there is a step. */
export interface IntParameter {
  readonly kind: "int";
  readonly low: number;
  readonly high: number;
  readonly log?: boolean;
  readonly step?: number;
  readonly when?: When;
}

/** One of a list of choices that have no order. */
export interface CategoricalParameter<C extends ParameterValue = ParameterValue> {
  readonly kind: "categorical";
  readonly choices: readonly C[];
  readonly when?: When;
}

/** Yes or no. */
export interface BoolParameter {
  readonly kind: "bool";
  readonly when?: When;
}

/** One thing to be chosen. */
export type Parameter = FloatParameter | IntParameter | CategoricalParameter | BoolParameter;

/** Everything that may be tried: parameters by name, in order. */
export type Space = Readonly<Record<string, Parameter>>;

type ValueOf<P extends Parameter> =
  P extends CategoricalParameter<infer C> ? C : P extends BoolParameter ? boolean : number;

type Conditional<S extends Space> = {
  [N in keyof S]: S[N] extends { readonly when: When } ? N : never;
}[keyof S];

/** The params of one trial of a space: what `when` makes conditional is optional. */
export type ParamsOf<S extends Space> = { readonly [N in Exclude<keyof S, Conditional<S>>]: ValueOf<S[N]> } & {
  readonly [N in Conditional<S>]?: ValueOf<S[N]>;
};

/** The params of a trial whose space is not known to the compiler. */
export type Params = Readonly<Record<string, ParameterValue>>;

interface NumberOptions {
  /** Spread evenly over the logarithm. */
  readonly log?: boolean;
  /** Only low + k·step. */
  readonly step?: number;
}

/** A real number between two others: `float(1e-4, 1, { log: true })`. */
export function float(low: number, high: number, options: NumberOptions = {}): FloatParameter {
  return Object.freeze({ kind: "float", low, high, ...options });
}

/** A whole number between two others, both allowed: `int(2, 12)`. */
export function int(low: number, high: number, options: NumberOptions = {}): IntParameter {
  return Object.freeze({ kind: "int", low, high, ...options });
}

/** One of several choices without an order: `categorical(["rbf", "poly"])`. */
export function categorical<const C extends ParameterValue>(choices: readonly C[]): CategoricalParameter<C> {
  return Object.freeze({ kind: "categorical", choices: Object.freeze([...choices]) });
}

/** Yes or no. */
export function bool(): BoolParameter {
  return Object.freeze({ kind: "bool" });
}

/** A parameter that exists only for some values of earlier ones: `when({ kernel: ["rbf"] }, float(1e-5, 10, { log: true }))`. */
export function when<P extends Parameter>(condition: When, parameter: P): P & { readonly when: When } {
  return Object.freeze({ ...(parameter as object), when: condition }) as P & { readonly when: When };
}

/**
 * A space of parameters, checked.
 *
 * @throws SlipwayError `DEFINITION_INVALID` naming the parameter that cannot be: low above high, a logarithm through 0, a child before its parent.
 */
export function space<const S extends Space>(parameters: S): S {
  checkSpace(parameters);
  return Object.freeze({ ...parameters });
}
