import { SlipwayError } from "../core/core.ts";

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._/:-]{0,199}$/u;
const ALIAS = /^(?!v?\d+$)(?!latest$)[\w-]{1,255}$/i;

/** A name as it was, or an INPUT_INVALID error that says what it names. */
export function checkedName(name: string, what: string): string {
  if (NAME.test(name)) return name;
  throw new SlipwayError(
    "INPUT_INVALID",
    `${JSON.stringify(name)} is no name for ${what}: begin with a letter or digit, then up to 199 of those or " ._/:-".`,
  );
}

/** An alias as it was, or INPUT_INVALID; what reads like a version number could be taken for one. */
export function checkedAlias(alias: string): string {
  if (ALIAS.test(alias)) return alias;
  throw new SlipwayError(
    "INPUT_INVALID",
    `${JSON.stringify(alias)} is no alias: use up to 255 letters, digits, "_" and "-", and neither "latest" nor a number like "v3".`,
  );
}
