import { instantToSql, type RecordsTransaction } from "../../records/records.ts";
import type { TrackingContext } from "./context.ts";

/** Gives a new thing to the user who made it, inside the transaction that makes it; nobody gets it where nobody signs in. */
export async function giveToMaker(
  tx: RecordsTransaction,
  { user, clock }: TrackingContext,
  kind: "experiment" | "loggedModel" | "model",
  thing: string,
): Promise<void> {
  if (user === undefined) return;
  await tx
    .insertInto("grants")
    .values({ user_name: user, kind, thing, permission: "manage", at: instantToSql(clock.now()) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
