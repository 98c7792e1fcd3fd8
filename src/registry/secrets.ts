// Secrets at rest. What is kept is AES-256-GCM (NIST SP 800-38D) under a key that is not in the records, with a random 96-bit nonce each, and
// bound to what it is the secret of, so that a sealed text moved to another row opens nothing. It names its key, so that keys can be changed.

import { createCipheriv, createDecipheriv } from "node:crypto";
import { type RandomBytes, SlipwayError, sha256 } from "../core/core.ts";

/** Seals secrets, and opens what was sealed. */
export interface Secrets {
  /** Encrypts `text`, the secret of `about`, with the newest key. */
  seal(text: string, about: string): Promise<string>;
  /** What was sealed; CONFIG_INVALID when no key is at hand that opens it, or it was changed. */
  open(sealed: string, about: string): Promise<string>;
  /** Whether it is sealed with another key than the newest. */
  isOld(sealed: string): Promise<boolean>;
}

/** Bytes of a key. */
export const SECRET_KEY_BYTES = 32;

const CIPHER = "aes-256-gcm";
const SEALED = /^v1\.([0-9a-f]{16})\.([\w-]+)$/;
const NONCE = 12;
const TAG = 16;

/** Seals with keys, newest first. `keys` is asked each time, so that a change of keys holds at once; it makes one when asked `toSeal` and there is none. */
export function sealedSecrets(
  keys: (use: "toSeal" | "toOpen") => Promise<readonly Uint8Array[]>,
  random: RandomBytes,
): Secrets {
  return {
    async seal(text, about) {
      const [key] = await keys("toSeal");
      if (!key) throw new SlipwayError("INTERNAL", "There is no key to seal a secret with.");
      const nonce = random(NONCE);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(about));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return `v1.${secretKeyName(key)}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url")}`;
    },
    async open(sealed, about) {
      const [, name, content = ""] = SEALED.exec(sealed) ?? [];
      const key = (await keys("toOpen")).find((each) => secretKeyName(each) === name);
      if (!key)
        throw new SlipwayError(
          "CONFIG_INVALID",
          `The secret of ${about} is sealed with the key ${name}, which this process has not. Give it that key (docs: operations, Webhooks), or set the secret anew.`,
        );
      const bytes = Buffer.from(content, "base64url");
      try {
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE), { authTagLength: TAG })
          .setAAD(Buffer.from(about))
          .setAuthTag(bytes.subarray(NONCE, NONCE + TAG));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE + TAG)), decipher.final()]).toString("utf8");
      } catch (cause) {
        throw new SlipwayError(
          "CONFIG_INVALID",
          `The secret of ${about} was changed in the records, and is no secret of it any more. Set it anew.`,
          { cause },
        );
      }
    },
    async isOld(sealed) {
      const [newest] = await keys("toOpen");
      return newest !== undefined && !sealed.startsWith(`v1.${secretKeyName(newest)}.`);
    },
  };
}

/** The name under which what a key sealed names it; undefined for what is no sealed secret. */
export function sealedWith(sealed: string): string | undefined {
  return SEALED.exec(sealed)?.[1];
}

/** A key's name, which tells nothing of the key. */
export function secretKeyName(key: Uint8Array): string {
  return sha256(Buffer.concat([Buffer.from("slipway secret key "), key])).slice(0, 16);
}
