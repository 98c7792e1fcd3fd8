import { ServerCredentials } from "@grpc/grpc-js";
import { type LiveTls, type TlsMaterial, tlsOptions } from "../tls.ts";

/** Credentials that follow the files of TLS: the library's own are read once. */
class FollowingCredentials extends ServerCredentials {
  constructor(tls: LiveTls) {
    const { requestCert, rejectUnauthorized } = tlsOptions(tls.now());
    super({ requestCert, rejectUnauthorized }, contextOf(tls.now()));
    tls.follow((material) => this.updateSecureContextOptions(contextOf(material)));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf({ cert, key, ca }: TlsMaterial): {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
} {
  return { cert, key, ...(ca ? { ca } : {}) };
}

/** The gRPC port's credentials. */
export function tlsCredentials(tls: LiveTls): ServerCredentials {
  return new FollowingCredentials(tls);
}
