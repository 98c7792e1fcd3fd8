// What `slipway serve` is told of its edges: TLS, a socket in place of a port, pages of other origins.

import { resolve } from "node:path";
import { SlipwayError } from "../core/core.ts";
import type { LogFormat, LogOptions, TlsFiles } from "../server/server.ts";

/** The words of these options. */
export interface EdgeWords {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly socket?: string;
  readonly cors?: readonly string[];
  readonly logFormat?: string;
  readonly logLevel?: string;
}

/** The edges, checked. */
export interface Edges {
  readonly tls?: TlsFiles;
  readonly socket?: string;
  readonly cors: readonly string[];
  readonly logger: LogOptions;
}

/** Reads the words; paths are taken from `cwd`. Throws USAGE. */
export function edgesOf(
  { tlsCert, tlsKey, tlsCa, socket, cors = [], logFormat, logLevel }: EdgeWords,
  cwd: string,
): Edges {
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new SlipwayError("USAGE", "TLS needs a certificate and its private key: --tls-cert FILE --tls-key FILE.");
  if (tlsCa !== undefined && tlsCert === undefined)
    throw new SlipwayError(
      "USAGE",
      "--tls-ca asks clients for certificates, which takes TLS: add --tls-cert and --tls-key.",
    );
  if (socket !== undefined && tlsCert !== undefined)
    throw new SlipwayError(
      "USAGE",
      "A Unix socket stays on this machine and has no TLS: leave --tls-cert or --socket out.",
    );
  for (const origin of cors) if (origin !== "*") checkOrigin(origin);
  return {
    ...(tlsCert === undefined || tlsKey === undefined
      ? {}
      : {
          tls: {
            cert: resolve(cwd, tlsCert),
            key: resolve(cwd, tlsKey),
            ...(tlsCa === undefined ? {} : { ca: resolve(cwd, tlsCa) }),
          },
        }),
    ...(socket === undefined ? {} : { socket: resolve(cwd, socket) }),
    cors,
    logger: loggerOf(logFormat, logLevel),
  };
}

const LEVELS = ["debug", "info", "warn", "error"];

function loggerOf(format: string | undefined, level: string | undefined): LogOptions {
  if (format !== undefined && format !== "json" && format !== "pretty")
    throw new SlipwayError("USAGE", `--log-format is json or pretty, not ${format}.`);
  if (level !== undefined && !LEVELS.includes(level))
    throw new SlipwayError("USAGE", `--log-level is one of ${LEVELS.join(", ")}, not ${level}.`);
  const chosen: { readonly format?: LogFormat } = format === undefined ? {} : { format };
  // Who asks for a format wants everything that is said in it.
  return { ...chosen, level: level ?? (format === undefined ? "warn" : "info") };
}

function checkOrigin(text: string): void {
  const { origin = "null" } = URL.canParse(text) ? new URL(text) : {};
  if (origin === text && /^https?:/.test(text)) return;
  const advice = origin === "null" ? "" : ` Did you mean ${origin}?`;
  throw new SlipwayError(
    "USAGE",
    `--cors ${text} is no origin: give one as browsers send it, such as https://app.example.com, or * for all.${advice}`,
  );
}
