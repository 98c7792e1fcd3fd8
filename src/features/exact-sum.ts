// A sum of float64 as three numbers that do not overlap: the float64 nearest to it, the one nearest to the rest, and what is left (Shewchuk
// 1997, "Adaptive precision floating-point arithmetic", with a fixed number of parts, each nearest to what it stands for). They hold any
// sum whose first and last bit are no more than 158 places apart, and then are the same in whatever order numbers came and partial sums
// were merged. What lies further below the greatest partial sum is rounded away.

/** Adds a number to the sum in `into[at]` to `into[at + 2]`. */
export function addExactly(into: Float64Array, at: number, value: number): void {
  if (value === 0) return;
  const first = into[at] ?? 0;
  let sum = first + value;
  if (!Number.isFinite(sum)) {
    // A NaN of one kind, for a NaN has bits to tell others apart.
    into[at] = Number.isNaN(sum) ? Number.NaN : sum;
    into[at + 1] = 0;
    into[at + 2] = 0;
    return;
  }
  // Knuth's sum with its error, again and again; written out, because this is done for every event.
  let part = sum - first;
  const error = first - (sum - part) + (value - part);
  const second = into[at + 1] ?? 0;
  let rest = second + error;
  part = rest - second;
  let last = (into[at + 2] ?? 0) + (second - (rest - part) + (error - part));
  // From the least up and back down, until each is nearest to all that it stands for.
  [rest, last] = withError(rest, last);
  [sum, rest] = withError(sum, rest);
  [rest, last] = withError(rest, last);
  if (last !== 0 && last > 0 === rest > 0) {
    // Half-way between two numbers the last part decides.
    const next = sum + rest * (1 + Number.EPSILON);
    if (next !== sum) {
      rest -= next - sum;
      sum = next;
      [rest, last] = withError(rest, last);
    }
  }
  into[at] = sum + 0;
  into[at + 1] = rest + 0;
  into[at + 2] = last + 0;
}

function withError(a: number, b: number): [sum: number, error: number] {
  const sum = a + b;
  const part = sum - a;
  return [sum, a - (sum - part) + (b - part)];
}

/** The sum as a float64. */
export function exactValue(slots: Float64Array, at: number): number {
  return (slots[at] ?? 0) + ((slots[at + 1] ?? 0) + (slots[at + 2] ?? 0));
}
