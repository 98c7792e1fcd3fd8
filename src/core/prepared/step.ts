// The steps of preprocessing once they are fitted: plain data that is stored with a version as JSON, and says everything that a value goes through.

/** What is taken from a moment, in UTC; a week begins on Monday, which is 1. */
export type DatePart = (typeof dateParts)[number];

/** Every part there is. */
export const dateParts = [
  "year",
  "month",
  "dayOfMonth",
  "dayOfYear",
  "dayOfWeek",
  "hourOfDay",
  "minuteOfHour",
] as const;

/** Which word a scaling came from. */
export type Scaling = "standardize" | "robustScale" | "minMaxScale";

/** A fitted step. Numbers are float64, and no number is NaN or infinite. */
export type FittedStep =
  /** A missing value becomes this one. */
  | { readonly step: "impute"; readonly value: number | string }
  /** 1 where a value is missing, else 0. */
  | { readonly step: "isMissing" }
  /** (value − center) / scale; with `clip`, held within 0 and 1. */
  | {
      readonly step: "scale";
      readonly by: Scaling;
      readonly center: number;
      readonly scale: number;
      readonly clip?: true;
    }
  /** How many of these ascending edges a value has reached. */
  | { readonly step: "bucketize"; readonly edges: readonly number[] }
  /** A column for each category, then one for missing values and one for all others, where there are such columns. */
  | {
      readonly step: "oneHot";
      readonly categories: readonly string[];
      readonly missing?: true;
      readonly others?: true;
      readonly unseen?: "refuse";
    }
  /** A category's value for each output: of shape (categories, outputs); missing values and other categories have their own. */
  | {
      readonly step: "targetEncode";
      readonly categories: readonly string[];
      readonly outputs: number;
      readonly values: readonly number[];
      readonly missing: readonly number[];
      readonly others: readonly number[];
      readonly unseen?: "refuse";
    }
  /** Characters (code points). */
  | { readonly step: "textLength" }
  /** How often each bucket is met by the runs of n characters. */
  | { readonly step: "ngramHash"; readonly n: number; readonly buckets: number }
  /** The bucket of a text, as a text. */
  | { readonly step: "hash"; readonly buckets: number }
  | { readonly step: "dateParts"; readonly parts: readonly DatePart[] };

/** A fitted step of one kind. */
export type FittedOf<K extends FittedStep["step"]> = Extract<FittedStep, { readonly step: K }>;

/** Stands between crossed texts: a control character made for it, which texts of people do not hold. */
export const CROSSED = "\u001f";
