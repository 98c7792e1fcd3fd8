// TLS from files that may change while the server runs: certificates are renewed every few weeks, and nobody restarts a server for that. New
// connections get what the files say now; files that cannot be used leave the last good ones in place.

import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { SlipwayError } from "../core/core.ts";

/** Where the parts are, as PEM files. */
export interface TlsFiles {
  /** The server's certificate, and after it those that lead to its root. */
  readonly cert: string;
  /** Its private key, without a passphrase. */
  readonly key: string;
  /** Who signs clients: with it every client has to show a certificate that one of these signed. */
  readonly ca?: string;
}

/** What the files hold. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
}

/** TLS that follows its files. */
export interface LiveTls {
  readonly now: () => TlsMaterial;
  /** Has `take` called with what the files hold, each time that it is new. */
  follow(take: (material: TlsMaterial) => void): void;
  /** Reads the files again; true when they were new. Throws CONFIG_INVALID, and what was there stays. */
  renew(): Promise<boolean>;
}

/** Reads the files. Throws CONFIG_INVALID that names the file and what is wrong with it. */
export async function openTls(files: TlsFiles): Promise<LiveTls> {
  let material = await readTls(files);
  const followers: ((material: TlsMaterial) => void)[] = [];
  return {
    now: () => material,
    follow(take) {
      followers.push(take);
    },
    async renew() {
      const fresh = await readTls(files);
      if (isSame(fresh, material)) return false;
      material = fresh;
      for (const take of followers) take(fresh);
      return true;
    },
  };
}

/** What a server is made with; a client that has to show a certificate and does not is refused before it can ask anything. */
export function tlsOptions({ cert, key, ca }: TlsMaterial): {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
} {
  const isMutual = ca !== undefined;
  return { cert, key, ...(isMutual ? { ca } : {}), requestCert: isMutual, rejectUnauthorized: isMutual };
}

async function readTls({ cert: certFile, key: keyFile, ca: caFile }: TlsFiles): Promise<TlsMaterial> {
  const [cert, key, ca] = await Promise.all([
    read("certificate", certFile),
    read("private key", keyFile),
    caFile === undefined ? undefined : read("certificate authority", caFile),
  ]);
  refuseUnusable(`The certificate ${certFile}`, () => createSecureContext({ cert }));
  refuseUnusable(`The private key ${keyFile}`, () => createSecureContext({ key }));
  refuseUnusable(`The certificate ${certFile} and the private key ${keyFile}`, () =>
    createSecureContext({ cert, key }),
  );
  if (ca) refuseUnusable(`The certificate authority ${caFile}`, () => checkBundle(ca));
  return { cert, key, ca };
}

/** Every certificate has to be whole: OpenSSL passes over what it cannot read, and whom that one signed would be shut out without a word. */
function checkBundle(ca: Buffer): void {
  const text = ca.toString("latin1");
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const marks = text.match(/-----(?:BEGIN|END)\b/g) ?? [];
  if (blocks.length === 0) throw new Error("it holds no certificate in PEM");
  if (marks.length !== 2 * blocks.length)
    throw new Error("it holds something besides whole certificates in PEM, or was cut off");
  for (const [place, block] of blocks.entries())
    try {
      new X509Certificate(block);
    } catch (cause) {
      throw new Error(`certificate ${place + 1} of ${blocks.length} in it is none`, { cause });
    }
  createSecureContext({ ca });
}

async function read(what: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new SlipwayError(
      "CONFIG_INVALID",
      `The ${what} ${file} cannot be read (${why}). Give the path of a PEM file.`,
      {
        cause,
        details: { file },
      },
    );
  }
}

function refuseUnusable(what: string, use: () => unknown): void {
  try {
    use();
  } catch (cause) {
    throw unusable(what, cause instanceof Error ? cause.message : String(cause));
  }
}

function unusable(what: string, why: string): SlipwayError {
  return new SlipwayError("CONFIG_INVALID", `${what} cannot be used: ${why}. Give PEM files that belong together.`);
}

function isSame(one: TlsMaterial, other: TlsMaterial): boolean {
  const text = ({ cert, key, ca }: TlsMaterial): string =>
    [cert, key, ca].map((part) => part?.toString("latin1")).join("\0");
  return text(one) === text(other);
}
