// What `slipway serve` is told of its edges: TLS, a socket in place of a port, pages of other origins.

import { resolve } from "node:path";
import { SlipwayError } from "../core/core.ts";
import type { TlsFiles } from "../server/server.ts";

/** The words of these options. */
export interface EdgeWords {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly socket?: string;
  readonly cors?: readonly string[];
}

/** The edges, checked. */
export interface Edges {
  readonly tls?: TlsFiles;
  readonly socket?: string;
  readonly cors: readonly string[];
}

/** Reads the words; paths are taken from `cwd`. Throws USAGE. */
export function edgesOf({ tlsCert, tlsKey, tlsCa, socket, cors = [] }: EdgeWords, cwd: string): Edges {
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
  };
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
