// The guarded way out. A name is resolved once, every address it has must be permitted, and the connection is made to those very addresses: a
// name that resolves to something else a moment later changes nothing. Redirects are answers like any other, no proxy of the environment is
// used, and no connection is kept for the next request.

import { lookup } from "node:dns/promises";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP } from "node:net";
import { SlipwayError } from "../../core/core.ts";
import type { Outbound, OutboundAnswer } from "../../ports/ports.ts";
import { isLinkLocal, isPublicAddress } from "./addresses.ts";

/** How to go out. */
export interface OutboundOptions {
  /**
   * What may be reached beside public addresses: host names (`hooks.corp.example`), addresses (`10.1.2.3`) and subnets (`10.1.0.0/16`). A host
   * name here still may not resolve to a link-local address, where clouds keep their metadata.
   */
  readonly allow?: readonly string[];
  /** From the first look at the name to the end of the answer, in milliseconds; default ten seconds. */
  readonly timeoutMs?: number;
  /** Resolves names; default the system's. */
  readonly resolve?: (host: string) => Promise<readonly ResolvedAddress[]>;
}

/** An address that a name has. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** More of an answer than this is not read. */
const MOST_ANSWER = 65_536;

/** Requests to addresses that users give. Throws CONFIG_INVALID for an entry of `allow` that is none. */
export function guardedOutbound(options: OutboundOptions = {}): Outbound {
  const { timeoutMs = 10_000, resolve = (host) => lookup(host, { all: true, verbatim: true }) } = options;
  const permitted = permissions(options.allow ?? []);

  async function addressesOf(host: string, signal: AbortSignal): Promise<readonly ResolvedAddress[]> {
    const family = isIP(host);
    const found = family === 0 ? await inTime(resolve(host), signal) : [{ address: host, family }];
    const refused = found.find(({ address }) => !permitted(host, address));
    if (refused) throw addressRefused(host, refused.address === host ? "" : `, which is ${refused.address},`);
    if (found.length === 0) throw new Error(`${host} has no address`);
    return found;
  }

  /** Does something in time, and says which host could not be reached. */
  async function reaching<T>(host: string, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await action(signal);
    } catch (thrown) {
      if (thrown instanceof SlipwayError) throw thrown;
      const reason = signal.aborted ? `no answer in ${timeoutMs} ms` : reasonOf(thrown);
      throw new SlipwayError(
        "ADDRESS_UNREACHABLE",
        `${host} cannot be reached (${reason}). Check the address, and that this machine may go out to it.`,
        { cause: thrown, details: { host } },
      );
    }
  }

  const call: Outbound["call"] = async (request) => {
    const url = checkedUrl(request.url);
    return reaching(url.host, async (signal) => send(url, await addressesOf(hostOf(url), signal), request, signal));
  };

  return {
    async check(text) {
      const url = checkedUrl(text);
      await addressesOf(hostOf(url), AbortSignal.timeout(timeoutMs)).catch((thrown: unknown) => {
        if (thrown instanceof SlipwayError) throw thrown;
      });
    },
    async post(request) {
      return { status: (await call({ ...request, method: "POST" })).status };
    },
    call,
    addresses: (host) =>
      reaching(host, async (signal) => (await addressesOf(host, signal)).map(({ address }) => address)),
  };
}

function send(
  url: URL,
  addresses: readonly ResolvedAddress[],
  { method = "POST", headers, body }: Parameters<Outbound["call"]>[0],
  signal: AbortSignal,
): Promise<OutboundAnswer> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
      method,
      headers: { ...headers, ...(method === "GET" ? {} : { "content-length": Buffer.byteLength(body) }) },
      agent: false,
      signal,
      // Node asks for all of them or for one; either way it gets what was checked, and asks nobody.
      lookup: (_host, { all }, answer) => {
        const [first] = addresses;
        if (all) answer(null, [...addresses]);
        else answer(null, first?.address ?? "", first?.family ?? 4);
      },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let size = 0;
      const chunks: Buffer[] = [];
      const end = (): void => {
        const text = Buffer.concat(chunks).toString("utf8");
        const one = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(one), body: text });
        request.destroy();
      };
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= MOST_ANSWER) chunks.push(chunk);
        else end();
      });
      response.on("end", end);
      response.on("error", reject);
    });
    request.end(method === "GET" ? undefined : body);
  });
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const wrong = (problem: string): SlipwayError =>
    new SlipwayError("ADDRESS_REFUSED", `${JSON.stringify(text.slice(0, 200))} ${problem}`, {
      details: { url: text.slice(0, 200) },
    });
  // The parser of addresses would drop line breaks, and take a backslash for a slash.
  if (/[\s\p{Cc}\\]/u.test(text)) throw wrong("holds a space, a backslash or a control character.");
  if (!url) throw wrong("is no address. Write it whole, such as https://hooks.example.com/slipway.");
  if (url.protocol !== "https:" && url.protocol !== "http:") throw wrong("is neither https nor http.");
  if (url.username !== "" || url.password !== "")
    throw new SlipwayError(
      "ADDRESS_REFUSED",
      `The address at ${url.host} holds a user or a password, which would be shown. Leave it out.`,
    );
  return url;
}

/** The host as names and addresses are looked up: without the brackets of IPv6 and the dot of the root. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function addressRefused(host: string, which: string): SlipwayError {
  return new SlipwayError(
    "ADDRESS_REFUSED",
    `Nothing is sent to ${host}${which} since it is not a public address. If it should be reached, whoever runs this server adds it: local({ outbound: { allow: ["${host}"] } }).`,
    { details: { host } },
  );
}

/** What may be reached: an address, asked for under a name or as it is. */
function permissions(allow: readonly string[]): (host: string, address: string) => boolean {
  const hosts = new Set<string>();
  const subnets = new BlockList();
  for (const entry of allow) {
    const [network = "", bits] = entry.split("/");
    const family = isIP(network);
    const most = family === 4 ? 32 : 128;
    if (family !== 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= most)))
      subnets.addSubnet(network, Number(bits ?? most), family === 4 ? "ipv4" : "ipv6");
    else if (bits === undefined && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(entry) && !/^[\d.]+$/.test(entry))
      hosts.add(entry.toLowerCase().replace(/\.$/, ""));
    else
      throw new SlipwayError(
        "CONFIG_INVALID",
        `outbound.allow has ${JSON.stringify(entry)}, which is no host name, address or subnet such as "hooks.corp.example", "10.1.2.3" or "10.1.0.0/16".`,
      );
  }
  return (host, address) => {
    if (address.includes("%") || isIP(address) === 0) return false;
    if (subnets.check(address, isIP(address) === 4 ? "ipv4" : "ipv6")) return true;
    if (hosts.has(host)) return !isLinkLocal(address);
    return isPublicAddress(address);
  };
}

function inTime<T>(action: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    action.then(resolve, reject);
  });
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return "code" in thrown ? String(thrown.code) : thrown.message;
}
