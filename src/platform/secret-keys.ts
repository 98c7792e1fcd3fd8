// Where the keys come from that secrets are sealed with: SLIPWAY_SECRETS_KEY, else a file in the state folder that its owner alone can read,
// made when the first secret is kept. Both hold the newest first, and older ones that still open.

import { link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type RandomBytes, SlipwayError } from "../core/core.ts";
import { SECRET_KEY_BYTES, type Secrets, sealedSecrets, secretKeyName, tracking } from "../registry/registry.ts";
import { alone, processText } from "./alone.ts";
import { flush } from "./flush.ts";
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
  let making: Promise<void> | undefined;
  return sealedSecrets(async (use) => {
    if (fromEnvironment) return fromEnvironment.map((text) => keyOf(text.trim(), VARIABLE));
    const kept = await keysInFile(stateDir);
    if (kept.length > 0 || use === "toOpen") return kept;
    making ??= writeKeys({ stateDir, random }, [random(SECRET_KEY_BYTES)], "first").finally(() => {
      making = undefined;
    });
    await making;
    // Whoever made it first made it for all.
    return keysInFile(stateDir);
  }, random);
}

/**
 * Makes a new key and seals every secret with it; gives how many. A key goes from the file when no secret is sealed with it any more; the one before
 * stays for what is being written just now. Stopped at any point, it loses nothing and may be run again. Throws STATE_LOCKED while another
 * process is at it, and CONFIG_INVALID, with every key kept, when a secret cannot be opened.
 */
export async function rotateSecretsKey(
  platform: Pick<Platform, "stateDir" | "engines" | "registry" | "secrets">,
  env: Place["env"],
): Promise<number> {
  if (env[VARIABLE])
    throw new SlipwayError(
      "INPUT_INVALID",
      `The key is in ${VARIABLE}: put a new one and a comma before it and start every server again, then take the old one away.`,
    );
  const { random } = platform.engines;
  const part = Buffer.from(random(8)).toString("hex");
  const outcome = await alone(platform, "keys rotate", { part }, (still) => rotate(platform, still));
  if ("done" in outcome) return outcome.done;
  throw new SlipwayError(
    "STATE_LOCKED",
    `The key is being changed by ${processText(outcome.holder.holder)}. Wait for it to end; then there is a new key.`,
  );
}

async function rotate(
  { stateDir, engines, registry, secrets }: Parameters<typeof rotateSecretsKey>[0],
  still: AbortSignal,
): Promise<number> {
  const place = { stateDir, random: engines.random };
  const before = await keysInFile(stateDir);
  const newest = engines.random(SECRET_KEY_BYTES);
  await writeKeys(place, [newest, ...before], before.length === 0 ? "first" : "again");
  const { sealed, unopened } = await tracking.sealWebhookSecrets(registry, secrets);
  if (unopened.length > 0)
    throw new SlipwayError(
      "CONFIG_INVALID",
      `There is a new key, and ${sealed} secrets are sealed with it; those of ${unopened.join(", ")} cannot be opened, so that no key was taken away. Set them anew or delete those webhooks, then run this again.`,
      { details: { webhooks: unopened } },
    );
  const inUse = await tracking.keysOfWebhookSecrets(registry);
  const left = before.filter((key, place) => place === 0 || inUse.has(secretKeyName(key)));
  // Who took this over has written keys of its own.
  if (left.length < before.length && !still.aborted) await writeKeys(place, [newest, ...left], "again");
  return sealed;
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
  const lines = text.split("\n").filter((line) => line !== "");
  if (lines.length === 0)
    throw new SlipwayError(
      "CONFIG_INVALID",
      `${path} is empty, so that nothing it sealed can be opened. Put it back from a backup; where there is none, remove it, and set the webhooks' secrets anew.`,
    );
  return lines.map((line) => keyOf(line, path));
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
async function writeKeys(
  { stateDir, random }: Pick<Place, "stateDir" | "random">,
  keys: readonly Uint8Array[],
  how: "first" | "again",
): Promise<void> {
  const path = fileOf(stateDir);
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const beside = `${path}.${Buffer.from(random(8)).toString("hex")}.tmp`;
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
  // A secret may be kept only once its key would outlive the machine's failing.
  if (process.platform !== "win32") for (const each of [folder, stateDir]) await flush(each);
}

function fileOf(stateDir: string): string {
  return join(stateDir, "keys", "secrets.key");
}
