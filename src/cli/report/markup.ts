// Text becomes markup in one place, so that no name that somebody chose can be anything but text.

import { reportStyle } from "./report-style.ts";

/** A whole page of some sections: no script, nothing fetched, light and dark as the reader's system is. */
export function page(title: string, sections: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${reportStyle}</style>
</head>
<body><main>
${sections.filter(Boolean).join("\n")}
</main></body>
</html>
`;
}

/** A figure with its title and a sentence about it. */
export function card(title: string, about: string, content: string): string {
  return `<figure><figcaption><h2>${escaped(title)}</h2><p>${escaped(about)}</p></figcaption>${content}</figure>`;
}

/** The head of a page: what kind of page, what about, and a few facts; empty ones are left out. */
export function header(kind: string, title: string, chips: readonly string[], beside = ""): string {
  const aside = beside === "" ? "" : `<span>${escaped(beside)}</span>`;
  return `<header><p class="eyebrow">${escaped(kind)}</p><h1>${escaped(title)}${aside}</h1><p class="chips">${chips
    .filter(Boolean)
    .map((chip) => `<span>${escaped(chip)}</span>`)
    .join("")}</p></header>`;
}

/** The foot of a page: a paragraph for each text. */
export function footer(texts: readonly string[]): string {
  return `<footer>${texts.map((text) => `<p>${escaped(text)}</p>`).join("")}</footer>`;
}

/** A table of rows that are markup already. */
export function table(head: readonly string[], rows: readonly string[]): string {
  return `<div class="scroll"><table><thead><tr>${head.map((each) => `<th scope="col">${escaped(each)}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** A row of a table: its name and its cells, all of them text. */
export function textRow([name = "", ...cells]: readonly string[]): string {
  return `<tr><th scope="row">${escaped(name)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
}

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
