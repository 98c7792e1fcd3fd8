// Patterns out of the shapes of texts: runs of capital letters, small letters and digits, whose lengths may vary, with everything else as it
// stands. `AA-9999-AAA` and `AA-99-AAA` are one form, /^[A-Z]{2}-\d{2,4}-[A-Z]{3}$/.

/** A shape and how often it was seen. */
interface Shape {
  readonly shape: string;
  readonly count: number;
}

interface Run {
  readonly letter: string;
  readonly length: number;
}

/** So many forms may a pattern have; more say that there is none. */
const MOST_FORMS = 4;

const CLASSES: Readonly<Record<string, string>> = { A: "[A-Z]", a: "[a-z]", "9": "\\d" };

/** A pattern that all shapes match, or undefined where they have too little in common. */
export function patternOf(shapes: readonly Shape[]): string | undefined {
  const forms = new Map<string, (readonly Run[])[]>();
  for (const { shape } of shapes) {
    const runs = runsOf(shape);
    const form = runs.map(({ letter, length }) => (letter in CLASSES ? letter : letter.repeat(length))).join("");
    const known = forms.get(form);
    if (known) known.push(runs);
    else forms.set(form, [runs]);
  }
  if (forms.size === 0 || forms.size > MOST_FORMS) return undefined;
  const options = [...forms.values()].map(formPattern).sort();
  // A pattern that is letters or digits of any length says nothing that is worth a rejection.
  if (options.every((option) => /^(?:\[A-Z\]|\[a-z\]|\\d)(?:\{\d+(?:,\d+)?\})?$/.test(option)) && options.length > 1)
    return undefined;
  return options.length === 1 ? `^${options[0]}$` : `^(?:${options.join("|")})$`;
}

function runsOf(shape: string): readonly Run[] {
  const runs: { letter: string; length: number }[] = [];
  for (const letter of shape) {
    const last = runs.at(-1);
    if (last?.letter === letter) last.length += 1;
    else runs.push({ letter, length: 1 });
  }
  return runs;
}

function formPattern(all: readonly (readonly Run[])[]): string {
  const [first = []] = all;
  return first
    .map(({ letter }, place) => {
      const lengths = all.map((runs) => runs[place]?.length ?? 0);
      const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
      const what = CLASSES[letter] ?? escaped(letter);
      if (most === 1) return what;
      return `${what}{${least === most ? least : `${least},${most}`}}`;
    })
    .join("");
}

function escaped(letter: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(letter) ? `\\${letter}` : letter;
}
