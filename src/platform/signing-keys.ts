// The keys of an installation: its own, which signs, readable by its owner alone; and the public ones of others that it trusts, one file each.

import { chmod, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "../core/core.ts";
import { checkedKey, fingerprint, newSigningKey, publicKeyOf } from "../registry/registry.ts";

/** A key that is known here. */
export interface KnownKey {
  readonly name: string;
  /** In one line, to be passed on. */
  readonly key: string;
  /** For people to compare. */
  readonly fingerprint: string;
  /** Whether this installation signs with it. */
  readonly own: boolean;
}

const OWN = "signing.pem";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Makes the installation's own key; ALREADY_EXISTS when it has one. */
export async function createSigningKey(stateDir: string): Promise<KnownKey> {
  const folder = await keysFolder(stateDir);
  const { pem, key } = newSigningKey();
  try {
    await writeOnce(join(folder, OWN), pem, 0o600);
  } catch (cause) {
    if (codeOf(cause) !== "EEXIST") throw cause;
    throw new SlipwayError(
      "ALREADY_EXISTS",
      "This installation has a signing key already: slipway keys list shows it.",
      { cause },
    );
  }
  return { name: "own", key, fingerprint: fingerprint(key), own: true };
}

/** Trusts what is signed with a key, under a name of one's own for it. */
export async function trustKey(stateDir: string, name: string, line: string): Promise<KnownKey> {
  const key = checkedKey(line);
  if (!NAME.test(name))
    throw new SlipwayError(
      "INPUT_INVALID",
      `${JSON.stringify(name)} is no name for a key: use up to 64 letters, digits, dots, underscores and hyphens.`,
    );
  const known = (await listKeys(stateDir)).find((each) => each.key === key || each.name === name);
  if (known)
    throw new SlipwayError(
      "ALREADY_EXISTS",
      `${known.name} (${known.fingerprint}) is trusted already; take it away first: slipway keys distrust ${known.name}.`,
    );
  await writeOnce(join(await keysFolder(stateDir), `${name}.pub`), `${key}\n`, 0o644);
  return { name, key, fingerprint: fingerprint(key), own: false };
}

/** Trusts a key no longer; INPUT_INVALID when no key has that name. */
export async function distrustKey(stateDir: string, name: string): Promise<void> {
  const known = (await listKeys(stateDir)).find((each) => each.name === name && !each.own);
  if (!known) throw new SlipwayError("INPUT_INVALID", `No trusted key is called ${JSON.stringify(name)}.`);
  await rm(join(await keysFolder(stateDir), `${name}.pub`));
}

/** Every key: the own one first, then those that are trusted, by name. */
export async function listKeys(stateDir: string): Promise<readonly KnownKey[]> {
  const folder = await keysFolder(stateDir);
  const own = await signingKey(stateDir);
  const trusted = (await readdir(folder)).filter((file) => file.endsWith(".pub")).sort();
  const lines = await Promise.all(trusted.map(async (file) => checkedKey(await readFile(join(folder, file), "utf8"))));
  const ownLine = own === undefined ? [] : [publicKeyOf(own)];
  return [
    ...ownLine.map((key) => ({ name: "own", key, fingerprint: fingerprint(key), own: true })),
    ...lines.map((key, place) => ({
      name: (trusted[place] ?? "").slice(0, -".pub".length),
      key,
      fingerprint: fingerprint(key),
      own: false,
    })),
  ];
}

/** The installation's private key as PEM; undefined when it has none. CONFIG_INVALID when others can read it. */
export async function signingKey(stateDir: string): Promise<string | undefined> {
  const path = join(await keysFolder(stateDir), OWN);
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, "r");
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
  try {
    const { mode } = await handle.stat();
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw new SlipwayError(
        "CONFIG_INVALID",
        `${path} can be read by others, so it may not be this installation's alone any more. Set its mode to 600 if it is, or remove it and make another.`,
      );
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

async function keysFolder(stateDir: string): Promise<string> {
  const folder = join(stateDir, "keys");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** A file that is there whole, on the disk, or not at all; EEXIST when it is there. */
async function writeOnce(path: string, content: string, mode: number): Promise<void> {
  const handle = await open(path, "wx", mode);
  try {
    // Whatever mask the process has.
    await chmod(path, mode);
    await handle.writeFile(content);
    await handle.sync();
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  } finally {
    await handle.close();
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
