// Words that others wrote, made harmless for a terminal: what would move the cursor, change colours, or turn the direction of writing is shown as what
// it is instead of being done.

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: Slipway's own colours.
const OWN = /(\u001b\[\d{1,2}m)/;

/** A text in which every control character is spelled out. */
export function visible(text: string): string {
  return text.replace(CONTROL, spelled);
}

/** Does the same but for Slipway's own colours, and for line breaks unless `inOneLine`. */
export function visibleLine(text: string, inOneLine = false): string {
  if (!CONTROL.test(text)) return text;
  CONTROL.lastIndex = 0;
  return text
    .split(OWN)
    .map((part, place) =>
      place % 2 === 1
        ? part
        : part.replace(CONTROL, (found) => (found === "\n" && !inOneLine ? found : spelled(found))),
    )
    .join("");
}

function spelled(found: string): string {
  const code = found.charCodeAt(0);
  if (found === "\n") return "\\n";
  if (found === "\t") return "\\t";
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
