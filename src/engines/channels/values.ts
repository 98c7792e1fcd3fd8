// Secrets are looked up when something is sent, and blotted out of whatever is said about it afterwards.

import { SlipwayError } from "../../core/core.ts";
import type { EnvironmentValue } from "../../define/define.ts";

/** Values that a channel is told where to find. */
export interface Values {
  /** A value, or what its variable holds. Throws CONFIG_INVALID where that is not set. */
  of(value: string | EnvironmentValue): string;
  /** A text without any of the values that were found in variables. */
  blotted(text: string): string;
}

/** Values in the environment, for one notice of one channel. */
export function valuesIn(env: Readonly<Record<string, string | undefined>>, channel: string): Values {
  const found = new Set<string>();
  return {
    of(value) {
      if (typeof value === "string") return value;
      const text = env[value.env]?.trim();
      if (!text)
        throw new SlipwayError(
          "CONFIG_INVALID",
          `channel "${channel}" needs ${value.env}, which is not set. Set it where the server runs and start it again.`,
        );
      found.add(text);
      return text;
    },
    blotted(text) {
      let clean = text;
      // Errors about addresses quote them, shortened.
      for (const secret of found)
        for (const form of [secret, secret.slice(0, 200)])
          for (const written of [form, JSON.stringify(form).slice(1, -1)])
            if (written.length > 3) clean = clean.replaceAll(written, "***");
      return clean;
    },
  };
}
