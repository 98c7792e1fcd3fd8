// Webhooks' secrets as the records have them: sealed (../secrets.ts), each bound to its webhook. Before there was sealing they were kept as they were given.

import { SlipwayError } from "../../core/core.ts";
import type { RegistryContext } from "../context.ts";
import { type Secrets, sealedWith } from "../secrets.ts";
import type { TrackingContext } from "./context.ts";

/** A secret as it is kept: null for an empty one or none. */
export async function sealedSecret(
  { secrets }: TrackingContext,
  webhook: string,
  secret: string | undefined,
): Promise<string | null> {
  if (!secret) return null;
  if (secrets) return secrets.seal(secret, subject(webhook));
  throw new SlipwayError("INPUT_INVALID", "This server takes no secrets: it was given no way to seal them.");
}

/** The secret that a webhook's deliveries are signed with; undefined where it has none. */
export async function openSecret(
  secrets: Secrets | undefined,
  kept: { readonly webhook: string; readonly secret: string | null; readonly sealed_secret: string | null },
): Promise<string | undefined> {
  if (kept.sealed_secret === null) return kept.secret ?? undefined;
  if (secrets) return secrets.open(kept.sealed_secret, subject(kept.webhook));
  throw new SlipwayError("CONFIG_INVALID", "This process was given no way to open secrets.");
}

/** What became of secrets that were to be sealed with the newest key. */
export interface Resealed {
  /** How many are sealed anew. */
  readonly sealed: number;
  /** The webhooks whose secrets no key at hand opens, which stay as they are. */
  readonly unopened: readonly string[];
}

/** Seals what an earlier release kept as it was given, and what is sealed with an older key. */
export async function sealWebhookSecrets({ records }: RegistryContext, secrets: Secrets): Promise<Resealed> {
  const rows = await records.db
    .selectFrom("webhooks")
    .select(["id as webhook", "secret", "sealed_secret"])
    .where((is) => is.or([is("secret", "is not", null), is("sealed_secret", "is not", null)]))
    .execute();
  let sealed = 0;
  const unopened: string[] = [];
  for (const row of rows) {
    if (row.secret === null && row.sealed_secret !== null && !(await secrets.isOld(row.sealed_secret))) continue;
    const text = await openSecret(secrets, row).catch((thrown: unknown) => {
      if (thrown instanceof SlipwayError && thrown.code === "CONFIG_INVALID") return undefined;
      throw thrown;
    });
    if (text === undefined) {
      unopened.push(row.webhook);
      continue;
    }
    const sealed_secret = await secrets.seal(text, subject(row.webhook));
    const { numUpdatedRows } = await records.db
      .updateTable("webhooks")
      .set({ secret: null, sealed_secret })
      .where("id", "=", row.webhook)
      // Who set another secret meanwhile keeps it.
      .where("secret", row.secret === null ? "is" : "=", row.secret)
      .where("sealed_secret", row.sealed_secret === null ? "is" : "=", row.sealed_secret)
      .executeTakeFirst();
    sealed += Number(numUpdatedRows);
  }
  return { sealed, unopened };
}

/** The names of the keys that secrets are sealed with now. */
export async function keysOfWebhookSecrets({ records }: RegistryContext): Promise<ReadonlySet<string>> {
  const rows = await records.db
    .selectFrom("webhooks")
    .select("sealed_secret")
    .where("sealed_secret", "is not", null)
    .execute();
  return new Set(rows.flatMap(({ sealed_secret }) => sealedWith(sealed_secret ?? "") ?? []));
}

function subject(webhook: string): string {
  return `webhook ${webhook}`;
}
