// Names as Slipway takes them, and the names of variables, each given out once.

const RESERVED = new Set(
  "break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with yield let static await async of arguments eval".split(
    " ",
  ),
);

/** A name in lower case with letters, digits and _, starting with a letter, at most 63 long. */
export function slipwayName(name: string): string {
  const plain = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return (/^[a-z]/.test(plain) ? plain : `x_${plain}`).slice(0, 63);
}

/** Gives out names that are not taken yet. */
export function nameGiver(taken: Iterable<string>): (wanted: string) => string {
  const given = new Set(taken);
  return (wanted) => {
    let name = wanted;
    for (let count = 2; given.has(name); count += 1) name = `${wanted.slice(0, 60)}${count}`;
    given.add(name);
    return name;
  };
}

/** A name as a variable: `driver_stats` is `driverStats`. */
export function variableName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9]+(.?)/g, (_, next: string) => next.toUpperCase());
  const start = /^[A-Za-z]/.test(plain) ? plain : `x${plain}`;
  const lower = `${start.charAt(0).toLowerCase()}${start.slice(1)}`;
  return RESERVED.has(lower) ? `${lower}Value` : lower;
}
