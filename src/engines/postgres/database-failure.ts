// What Postgres' refusals mean where records are kept in it. Nothing of the connection string reaches a message but the address, the
// database and the user.

import { SlipwayError } from "../../core/core.ts";
import { isRefusedLogin, isUnreachable, type PostgresAddress } from "./failure.ts";

/** The reason of a STATE_LOCKED error when another writer did not finish in time (lock_not_available). */
export const WRITER_BUSY = "55P03";

/** Serialisation failure and deadlock: the server ended this transaction for another's sake, and it may simply be run again. */
const AGAIN = ["40001", "40P01"];

interface Place {
  readonly address: PostgresAddress;
  readonly connections: number;
}

/** A thrown value as one of ours, `inCommit` when a commit was not answered; what only a programmer can act on (a constraint, bad SQL) passes through. */
export function recordsError(
  thrown: unknown,
  { address: { text, user }, connections }: Place,
  inCommit = false,
): unknown {
  if (thrown instanceof SlipwayError || !(thrown instanceof Error)) return thrown;
  const code = "code" in thrown ? String(thrown.code) : "";
  const details = { address: text, reason: code };
  const refuse = (
    name: ConstructorParameters<typeof SlipwayError>[0],
    message: string,
    more: object = {},
  ): SlipwayError => new SlipwayError(name, message, { cause: thrown, details: { ...details, ...more } });
  if (isRefusedLogin(code))
    return refuse(
      "CONFIG_INVALID",
      `Postgres at ${text} refused the login of user "${user}" (${code}). Check user and password in the connection string of the records.`,
    );
  if (code === "3D000")
    return refuse(
      "CONFIG_INVALID",
      `Postgres at ${text} has no such database. Create it, or correct the connection string of the records.`,
    );
  if (code === "42501" || code === "25006")
    return refuse(
      "STATE_NOT_WRITABLE",
      `User "${user}" may not write the records at ${text} (${thrown.message}). Grant CREATE on the schema, and connect to the primary server.`,
    );
  if (code === WRITER_BUSY)
    return refuse(
      "STATE_LOCKED",
      `Another process is writing the records at ${text} and did not finish in time. Wait for it to end, then run this again.`,
    );
  if (AGAIN.includes(code))
    return refuse(
      "STATE_LOCKED",
      `Postgres at ${text} gave this change up for another one's sake (${code}). Run it again.`,
      {
        again: true,
      },
    );
  if (code === "53100")
    return refuse("STORAGE_FULL", `The disk of Postgres at ${text} is full. Free some space, then run it again.`);
  if (code === "22021")
    return refuse("INPUT_INVALID", "Postgres cannot store text with the character U+0000. Leave it out.");
  if (code === "54000" || code === "22003")
    return refuse(
      "INPUT_INVALID",
      `Postgres cannot store a value: ${thrown.message}. Give a shorter text or a smaller number.`,
    );
  if (code === "0A000" && thrown.message.includes("cached plan"))
    return refuse(
      "RECORDS_UNAVAILABLE",
      "The tables of the records have just been changed by a newer Slipway. Run it again.",
    );
  if (isUnreachable(code, thrown))
    return refuse(
      "RECORDS_UNAVAILABLE",
      `The records in Postgres at ${text} cannot be reached (${code || thrown.message}).${inCommit ? " Whether the change that it was asked to commit is there has to be looked up." : ""} ` +
        `Check that the server runs and has room for ${connections} more connections, then run it again.`,
    );
  return thrown;
}
