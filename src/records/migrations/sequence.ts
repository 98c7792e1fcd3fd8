/** The type of a column that numbers its rows by itself, never giving a number twice. */
export function sequence(kind: "sqlite" | "postgres"): string {
  return kind === "sqlite" ? "integer primary key autoincrement" : "bigint generated always as identity primary key";
}
