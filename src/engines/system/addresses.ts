// Which addresses are somebody else's business on the public Internet: everything that IANA's special-purpose registries (RFC 6890, with the
// entries since) do not set aside. Of IPv6 only what is given out, 2000::/3, without the transition formats, in which a private address of
// IPv4 can be wrapped.

import { BlockList, isIP } from "node:net";

const reserved4 = blockListOf("ipv4", [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
]);
const given6 = blockListOf("ipv6", ["2000::/3"]);
const reserved6 = blockListOf("ipv6", ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"]);

/** Whether an address is a public one; text that is no address is not. */
export function isPublicAddress(address: string): boolean {
  const family = address.includes("%") ? 0 : isIP(address);
  if (family === 4) return !reserved4.check(address, "ipv4");
  return family === 6 && given6.check(address, "ipv6") && !reserved6.check(address, "ipv6");
}

/** Whether an address is link-local: where clouds keep their metadata. */
export function isLinkLocal(address: string): boolean {
  return linkLocal.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}

const linkLocal = new BlockList();
linkLocal.addSubnet("169.254.0.0", 16, "ipv4");
linkLocal.addSubnet("fe80::", 10, "ipv6");
linkLocal.addAddress("fd00:ec2::254", "ipv6");

function blockListOf(family: "ipv4" | "ipv6", subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = "", bits] = subnet.split("/");
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}
