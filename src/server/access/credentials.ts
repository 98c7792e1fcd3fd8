import type { Credentials } from "../../platform/platform.ts";

/** The key of an Authorization header: `Bearer KEY`, or `Basic` with the user's name and the key as password; undefined for any other. */
export function credentialsIn(header: string | undefined): Credentials | undefined {
  const [, scheme = "", rest = ""] = /^([A-Za-z]+) +([\x21-\x7e]{1,512})$/.exec(header ?? "") ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return { key: rest };
    case "basic": {
      const text = Buffer.from(rest, "base64").toString("utf8");
      const split = text.indexOf(":");
      return split < 0 ? undefined : { name: text.slice(0, split), key: text.slice(split + 1) };
    }
    default:
      return undefined;
  }
}
