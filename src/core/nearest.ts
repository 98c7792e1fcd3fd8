// Which known name a misspelt one was meant to be.

/** The name nearest to a misspelt one by edit distance (Levenshtein 1966), letter case aside; undefined when none is known. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((each) => [editDistance(name.toLowerCase(), each.toLowerCase()), each] as const);
  const [first, ...others] = ranked;
  return first && others.reduce((best, next) => (next[0] < best[0] ? next : best), first)[1];
}

/**
 * The nearest known name as a question, or nothing where even that shares less than half its letters. A name that holds the other one whole is
 * nearest of all: `minutes_late` for `late`.
 */
export function didYouMean(name: string, known: readonly string[]): string {
  const holds = (long: string, short: string): boolean =>
    short.length > 2 && long.toLowerCase().includes(short.toLowerCase());
  const holding = known.filter((each) => holds(each, name) || holds(name, each));
  const nearest = nearestName(name, holding.length > 0 ? holding : known);
  if (nearest === undefined) return "";
  const distance = editDistance(name.toLowerCase(), nearest.toLowerCase());
  const isNear = holding.length > 0 || distance * 2 <= Math.max(name.length, nearest.length);
  return isNear ? ` Did you mean "${nearest}"?` : "";
}

function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const change = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
