// Why a model answered what it did, as the server says it.

/** What each input adds to one sum: base + Σ contributions = margin. */
export interface ClientSum {
  /** What the sum is on average, where nothing is known. */
  readonly base: number;
  readonly margin: number;
  /** By input. */
  readonly contributions: Readonly<Record<string, number>>;
}

/** One prediction explained: a single sum, or one for each class under `classes`. */
export interface ClientExplanation extends Partial<ClientSum> {
  /** How the score comes from the sum. */
  readonly link: "identity" | "logistic" | "softmax" | "exponential";
  /** What is done to the score after the link. */
  readonly calibration: "platt" | "isotonic" | null;
  readonly classes?: Readonly<Record<string, ClientSum>>;
}
