/** A remote's address without a user's name and password in it; one that cannot be read as an address is given as it is but for them. */
export function withoutCredentials(remote: string): string {
  return remote.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1").replace(/[?#].*$/, "");
}
