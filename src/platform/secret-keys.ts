// Where the keys come from that secrets are sealed with: SLIPWAY_SECRETS_KEY, else a file in the state folder that its owner alone can read,
// made when the first secret is kept. Both hold the newest first, and older ones that still open.

import { link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type RandomBytes, SlipwayError } from "../core/core.ts";
import { SECRET_KEY_BYTES, type Secrets, sealedSecrets, tracking } from "../registry/registry.ts";
import type { Platform } from "./open.ts";

const VARIABLE = "SLIPWAY_SECRETS_KEY";

interface Place {
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly random: RandomBytes;
}

/** What seals the secrets of one installation. */
export function secretsOf({ stateDir, env, random }: Place): Secrets {
  const given = env[VARIABLE];
  const fromEnvironment = given === undefined || given === "" ? undefined : given.split(",");
  return sealedSecrets(async (use) => {
    if (fromEnvironment) return fromEnvironment.map((text) => keyOf(text.trim(), VARIABLE));
    const kept = await keysInFile(stateDir);
    if (kept.length > 0 || use === "toOpen") return kept;
    await writeKeys(stateDir, [random(SECRET_KEY_BYTES)], "first");
    // Whoever made it first made it for all.
    return keysInFile(stateDir);
  }, random);
}

/** Makes a new key and seals every secret with it; gives how many. The key before stays in the file for what is being written just now. */
export async function rotateSecretsKey(
  { stateDir, engines, registry, secrets }: Platform,
  env: Place["env"],
): Promise<number> {
  if (env[VARIABLE])
    throw new SlipwayError(
      "INPUT_INVALID",
      `The key is in ${VARIABLE}: put a new one and a comma before it and start every server again, then take the old one away.`,
    );
  const [newest] = await keysInFile(stateDir);
  await writeKeys(stateDir, [engines.random(SECRET_KEY_BYTES), ...(newest ? [newest] : [])], "again");
  return tracking.sealWebhookSecrets(registry, secrets);
}

async function keysInFile(stateDir: string): Promise<readonly Uint8Array[]> {
  const path = fileOf(stateDir);
  let text: string;
  try {
    const { mode } = await stat(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw new SlipwayError(
        "CONFIG_INVALID",
        `${path} can be read by others, so what it seals is no secret. Set its mode to 600, then run: slipway keys rotate.`,
      );
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return [];
    throw thrown;
  }
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => keyOf(line, path));
}

function keyOf(text: string, where: string): Uint8Array {
  const key = Buffer.from(text, "base64");
  if (/^[A-Za-z0-9+/]{43}=$/.test(text) && key.length === SECRET_KEY_BYTES) return key;
  throw new SlipwayError(
    "CONFIG_INVALID",
    `${where} holds what is no key: it takes ${SECRET_KEY_BYTES} random bytes in Base64, as \`openssl rand -base64 32\` prints them; several, the newest first, with commas between.`,
  );
}

/** Writes the file whole or not at all; the "first" stays if another process made it meanwhile. */
async function writeKeys(stateDir: string, keys: readonly Uint8Array[], how: "first" | "again"): Promise<void> {
  const path = fileOf(stateDir);
  await mkdir(join(stateDir, "keys"), { recursive: true, mode: 0o700 });
  const beside = `${path}.${process.pid}.tmp`;
  await rm(beside, { force: true });
  const handle = await open(beside, "wx", 0o600);
  try {
    await handle.writeFile(keys.map((key) => `${Buffer.from(key).toString("base64")}\n`).join(""));
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await (how === "first" ? link(beside, path) : rename(beside, path));
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
  } finally {
    await rm(beside, { force: true });
  }
}

function fileOf(stateDir: string): string {
  return join(stateDir, "keys", "secrets.key");
}
