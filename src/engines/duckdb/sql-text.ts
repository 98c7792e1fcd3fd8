/** A text literal. Not for text with NUL in it, which the dialect's own can hold. */
export const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** A quoted identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Files as DuckDB's scans take them. */
export const fileList = (files: readonly string[]): string => `[${files.map(quote).join(", ")}]`;
