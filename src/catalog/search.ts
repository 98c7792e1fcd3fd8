// Full-text search over definitions. There are hundreds of them at most, so they are ranked in memory each time: BM25 over weighted fields
// (Robertson, Zaragoza, Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004, section 3), without length normalisation
// because all texts are short. What holds more of the words comes first, whatever their weight.

/** One thing that can be found; each field is text with the weight that a word in it has. */
export interface SearchDocument<T> {
  readonly subject: T;
  readonly fields: readonly { readonly text: string; readonly weight: number }[];
}

/** One thing that was found. */
export interface SearchHit<T> {
  readonly subject: T;
  /** Higher is better; comparable within one search only. */
  readonly score: number;
  /** The words of the query that it holds. */
  readonly matched: readonly string[];
}

/** Saturation of repeated words: the customary value. */
const K1 = 1.2;

/** The words of a text: lower case, without accents, split at everything but letters and digits, plural s left off. */
export function wordsOf(text: string): readonly string[] {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) =>
    /[^s]s$/.test(word) && word.length > 3 ? word.slice(0, -1) : word,
  );
}

/** What holds any of the query's words, or begins a word with one, best first; ties keep the order given. */
export function search<T>(documents: readonly SearchDocument<T>[], query: string): readonly SearchHit<T>[] {
  const asked = [...new Set(wordsOf(query))];
  const indexed = documents.map(({ subject, fields }) => ({
    subject,
    fields: fields.map(({ text, weight }) => ({ weight, words: wordsOf(text) })),
  }));
  const frequencies = indexed.map(({ fields }) =>
    asked.map((word) => fields.reduce((sum, field) => sum + field.weight * occurrences(field.words, word), 0)),
  );
  const rarity = asked.map((_, place) => {
    const holding = frequencies.filter((each) => (each[place] ?? 0) > 0).length;
    return Math.log(1 + (documents.length - holding + 0.5) / (holding + 0.5));
  });
  return indexed
    .map(({ subject }, index): SearchHit<T> => {
      const own = frequencies[index] ?? [];
      const score = own.reduce(
        (sum, frequency, place) => sum + ((rarity[place] ?? 0) * frequency) / (frequency + K1),
        0,
      );
      return { subject, score, matched: asked.filter((_, place) => (own[place] ?? 0) > 0) };
    })
    .filter(({ matched }) => matched.length > 0)
    .sort((a, b) => b.matched.length - a.matched.length || b.score - a.score);
}

/** How often a word stands among others; one that only begins with it counts half. */
function occurrences(words: readonly string[], asked: string): number {
  return words.reduce(
    (sum, word) => sum + (word === asked ? 1 : asked.length > 1 && word.startsWith(asked) ? 0.5 : 0),
    0,
  );
}
