// Which of a version's files Slipway can load. Only formats that hold no code count; whatever else lies there is listed and never opened.

import { contentHash } from "../../core/core.ts";

/** A file with its content's hash. */
export interface VersionFile {
  readonly path: string;
  readonly hash: string;
  readonly size: number;
}

const FORMATS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\/)(?:model|[\w.-]+)\.onnx$/, "onnx"],
  [/(?:^|\/)(?:model|[\w.-]+)\.ubj$/, "xgboost-ubj"],
];

/** The one file that is a model in a format that is safe to load; undefined when there is none, or more than one. */
export function loadableFile(files: readonly VersionFile[]): (VersionFile & { readonly format: string }) | undefined {
  for (const [pattern, format] of FORMATS) {
    const found = files.filter(({ path }) => pattern.test(path));
    const [only] = found;
    if (only && found.length === 1) return { ...only, format };
  }
  return undefined;
}

/** What a set of files is known by: paths and contents together. */
export function manifestHash(files: readonly VersionFile[]): string {
  return contentHash(files.map(({ path, hash, size }) => [path, hash, size]));
}
