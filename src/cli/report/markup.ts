// Text becomes markup in one place, so that no name that somebody chose can be anything but text.

/** Text as it may stand in an element or a quoted attribute. */
export function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  // Control characters and marks that turn the reading direction show as what they are.
  return text
    .replace(/[&<>"']/g, (found) => names[found] ?? "")
    .replace(
      /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu,
      (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

/** A figure for people: three places where it is of ordinary size. */
export function told(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(2).replace("-", "−");
  return (size >= 100 ? value.toFixed(1) : value.toFixed(3)).replace("-", "−");
}

/** A count with thin spaces between thousands. */
export function counted(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u2009");
}
