import * as library from "lmdb";

/** The version of LMDB itself, as the library tells it. */
export function lmdbVersion(): string {
  const { version } = library as { readonly version?: Readonly<Record<"major" | "minor" | "patch", number>> };
  return version === undefined ? "unknown" : `${version.major}.${version.minor}.${version.patch}`;
}
