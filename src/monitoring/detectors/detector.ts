/** Watches a stream of numbers for a change, one number at a time. */
export interface Detector {
  /** Takes the next number, and says whether the stream has changed. What was learnt before a change is forgotten with the number after it. Numbers that are not finite are passed over. */
  update(value: number): boolean;
}
