// Signatures over an archive's manifest, with Ed25519 (RFC 8032). The manifest names every byte of the archive by its hash, so who signed it signed
// all of it. A key is told in one line, `ed25519:` and the 32 bytes in base64.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { SlipwayError } from "../../core/core.ts";

/** What is signed begins with this, so that no signature made for something else fits. */
const CONTEXT = "slipway version archive 1\n";
const PREFIX = "ed25519:";

/** A signature as it lies in an archive. */
export interface ArchiveSignature {
  /** Whose it says it is, in one line. */
  readonly key: string;
  /** Base64. */
  readonly signature: string;
}

/** A new private key as PEM, and its public half in one line. */
export function newSigningKey(): { readonly pem: string; readonly key: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { pem: privateKey.export({ type: "pkcs8", format: "pem" }) as string, key: publicLine(privateKey) };
}

/** The public half of a private key, in one line; CONFIG_INVALID when the PEM is none. */
export function publicKeyOf(pem: string): string {
  return publicLine(privateKeyOf(pem));
}

function privateKeyOf(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Said below; the cause could quote the key.
  }
  throw new SlipwayError(
    "CONFIG_INVALID",
    "The signing key of this installation is damaged. Restore it from a backup, or remove it and make another.",
  );
}

function publicLine(key: KeyObject): string {
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return `${PREFIX}${Buffer.from(x, "base64url").toString("base64")}`;
}

/** A key in one line as it was, or INPUT_INVALID. */
export function checkedKey(line: string): string {
  const key = line.trim();
  if (/^ed25519:[A-Za-z0-9+/]{43}=$/.test(key)) return key;
  throw new SlipwayError(
    "INPUT_INVALID",
    `${JSON.stringify(key.slice(0, 80))} is no key: it is ed25519: and 44 characters, as slipway keys list shows it.`,
  );
}

/** A short name of a key, for people to compare. */
export function fingerprint(key: string): string {
  const hash = createHash("sha256")
    .update(Buffer.from(key.slice(PREFIX.length), "base64"))
    .digest("hex");
  return hash.slice(0, 16).replace(/(.{4})(?=.)/g, "$1-");
}

/** Signs a manifest. */
export function signManifest(manifest: Uint8Array, pem: string): ArchiveSignature {
  const key = privateKeyOf(pem);
  return { key: publicLine(key), signature: sign(null, signedBytes(manifest), key).toString("base64") };
}

/** Whether the signature is that of the key it names, over just these bytes. */
export function isSignedBy(manifest: Uint8Array, { key, signature }: ArchiveSignature): boolean {
  const x = Buffer.from(checkedKey(key).slice(PREFIX.length), "base64").toString("base64url");
  try {
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, signedBytes(manifest), publicKey, Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}

function signedBytes(manifest: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(CONTEXT), manifest]);
}
