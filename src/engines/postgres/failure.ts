// What Postgres' refusals mean to a user. A connection string holds a password, so nothing of it reaches a message but the address, the
// database and the user; causes are attached only where they cannot hold one.

import { SlipwayError } from "../../core/core.ts";

/** Where a connection goes, without what it is opened with. */
export interface PostgresAddress {
  /** `host:5432/database`, for messages. */
  readonly text: string;
  readonly user: string;
}

/**
 * The connection string that a variable holds, and the parts of it that may be shown. `who` begins the message, e.g. `Source "orders"`. Throws
 * CONFIG_INVALID, naming the variable and not its value.
 */
export function connectionOf(
  who: string,
  variable: string,
  env: Readonly<Record<string, string | undefined>>,
): { readonly url: string; readonly address: PostgresAddress } {
  const url = env[variable];
  if (!url)
    throw new SlipwayError(
      "CONFIG_INVALID",
      `${who}: ${variable} is not set. Set it to the connection string: postgres://user:password@host:5432/database.`,
      { details: { variable } },
    );
  return { url, address: addressOf(who, variable, url) };
}

function addressOf(who: string, variable: string, url: string): PostgresAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol))
    throw new SlipwayError(
      "CONFIG_INVALID",
      `${who}: ${variable} does not hold a connection string such as postgres://user:password@host:5432/database.`,
      { details: { variable } },
    );
  const host = parsed.hostname || parsed.searchParams.get("host") || "localhost";
  return { text: `${host}:${parsed.port || "5432"}${parsed.pathname}`, user: decodeURIComponent(parsed.username) };
}

/** Whether the server could not be reached, went away or has no room; codes of SQLSTATE and of the system. */
export function isUnreachable(code: string, { message }: Error): boolean {
  return (
    /^(08|57P|53)/.test(code) ||
    /^E[A-Z]+$/.test(code) ||
    /terminated|timeout|ended|closed|not queryable/i.test(message)
  );
}

/** Whether a login was refused. */
export function isRefusedLogin(code: string): boolean {
  return code.startsWith("28");
}

/** A thrown value as one of ours; what only a programmer can act on passes through. */
export function postgresError(thrown: unknown, source: string, { text, user }: PostgresAddress): unknown {
  if (thrown instanceof SlipwayError || !(thrown instanceof Error)) return thrown;
  const code = "code" in thrown ? String(thrown.code) : "";
  const details = { source, address: text, reason: code };
  const context = { cause: thrown, details };
  if (isRefusedLogin(code))
    return new SlipwayError(
      "SOURCE_UNREADABLE",
      `Source "${source}": Postgres at ${text} refused the login of user "${user}" (${code}). Check user and password in the connection string.`,
      context,
    );
  if (code === "3D000")
    return new SlipwayError(
      "SOURCE_NOT_FOUND",
      `Source "${source}": Postgres at ${text} has no such database. Correct the connection string.`,
      context,
    );
  if (code === "42501")
    return new SlipwayError(
      "SOURCE_UNREADABLE",
      `Source "${source}": user "${user}" may not read it at ${text} (${thrown.message}). Grant SELECT on the table.`,
      context,
    );
  if (code === "57014") return new SlipwayError("CANCELLED", `Reading source "${source}" was stopped.`, context);
  if (isUnreachable(code, thrown))
    return new SlipwayError(
      "SOURCE_UNAVAILABLE",
      `Source "${source}": Postgres at ${text} cannot be reached (${code || thrown.message}). Check that the server runs and the address is right, then run it again.`,
      context,
    );
  return thrown;
}
