/** Secrets of webhooks, sealed; what stands in `secret` is from before, and moves over when a server next starts. */
export function sealedSecretColumn(): readonly string[] {
  return ["alter table webhooks add column sealed_secret text"];
}
