// What somebody who may give an address tries in order to reach what only this machine can.

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isPublicAddress } from "./addresses.ts";
import { guardedOutbound, type OutboundOptions } from "./system.ts";

let server: Server;
let port: number;
const seen: { readonly path: string; readonly headers: IncomingMessage["headers"]; readonly body: string }[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      seen.push({ path: request.url ?? "", headers: request.headers, body });
      if (request.url === "/redirect") response.writeHead(307, { location: `http://127.0.0.1:${port}/inside` }).end();
      else if (request.url === "/large") for (let n = 0; n < 200; n += 1) response.write("x".repeat(10_000));
      else if (request.url === "/slow") response.writeHead(200).write("…");
      else response.writeHead(200).end("done");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const post = (url: string, options: OutboundOptions = {}): Promise<{ readonly status: number }> =>
  guardedOutbound({ timeoutMs: 2000, ...options }).post({ url, headers: {}, body: "{}" });
const refused = { code: "ADDRESS_REFUSED" };
const inside = { address: "127.0.0.1", family: 4 };

describe("addresses", () => {
  test.each(["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.63.255.255", "2606:4700:4700::1111", "2a00:1450:4001:80f::200e"])(
    "%s is public",
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  test.each([
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "localhost",
    "",
  ])("%s is not", (address) => expect(isPublicAddress(address)).toBe(false));
});

describe("the guarded way out", () => {
  test.each([
    "http://127.0.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://0:PORT/",
    "http://localhost:PORT/",
    "http://localhost.:PORT/",
    "http://LOCALHOST:PORT/",
    "http://①②⑦.0.0.1:PORT/",
    "http://127。0。0。1:PORT/",
    "http://[::1]:PORT/",
    "http://[::]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://127.0.0.1:PORT@example.com/",
    "http://user:secret@example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/_x",
    "javascript:alert(1)",
    "unix:/var/run/docker.sock",
    "//127.0.0.1/",
    "http://example.com/\r\nX-Evil: 1",
    "http:\\\\127.0.0.1:PORT\\",
    " http://example.com/",
    "http://",
    "",
  ])("sends nothing to %s", async (text) => {
    const before = seen.length;
    const url = text.replace("PORT", String(port));
    await expect(post(url)).rejects.toMatchObject(refused);
    await expect(guardedOutbound().check(url)).rejects.toMatchObject(refused);
    expect(seen).toHaveLength(before);
  });

  test("does not say what it refused to show", async () => {
    await expect(post("http://user:s3cret@example.com/")).rejects.toSatisfy(
      (error: Error) => !`${error.message}${JSON.stringify(error)}`.includes("s3cret"),
    );
  });

  test("refuses a name of which one address is not public", async () => {
    const resolve = async () => [{ address: "93.184.216.34", family: 4 }, inside];
    await expect(post(`http://hooks.example.com:${port}/`, { resolve })).rejects.toMatchObject(refused);
  });

  test("connects to what it checked, though the name resolves to something else a moment later", async () => {
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return [asked === 1 ? { address: "192.0.2.1", family: 4 } : inside];
    };
    const before = seen.length;
    // The first address is allowed here and leads nowhere; a second look at the name would lead inside.
    await expect(
      post(`http://rebind.example.com:${port}/`, { resolve, allow: ["192.0.2.0/24"], timeoutMs: 300 }),
    ).rejects.toMatchObject({ code: "ADDRESS_UNREACHABLE" });
    expect(asked).toBe(1);
    expect(seen).toHaveLength(before);
  });

  test("follows no redirect", async () => {
    const before = seen.length;
    expect(await post(`http://127.0.0.1:${port}/redirect`, { allow: ["127.0.0.1"] })).toEqual({ status: 307 });
    expect(seen.slice(before).map(({ path }) => path)).toEqual(["/redirect"]);
  });

  test("reads only so much of an answer, and waits only so long", async () => {
    const allow = ["127.0.0.0/8"];
    expect(await post(`http://127.0.0.1:${port}/large`, { allow })).toEqual({ status: 200 });
    await expect(post(`http://127.0.0.1:${port}/slow`, { allow, timeoutMs: 200 })).rejects.toMatchObject({
      code: "ADDRESS_UNREACHABLE",
      message: expect.stringContaining("no answer in 200 ms"),
    });
    const never = () => new Promise<never>(() => undefined);
    await expect(post("http://hooks.example.com/", { resolve: never, timeoutMs: 100 })).rejects.toMatchObject({
      code: "ADDRESS_UNREACHABLE",
    });
  });

  test("reaches what is allowed by name, address or subnet, and metadata by no name", async () => {
    const resolve = async () => [inside];
    for (const allow of [["hooks.corp.example"], ["Hooks.Corp.Example."], ["127.0.0.1"], ["127.0.0.0/8"]])
      expect(await post(`http://hooks.corp.example.:${port}/`, { resolve, allow })).toEqual({ status: 200 });
    expect(seen.at(-1)?.headers.host).toBe(`hooks.corp.example.:${port}`);
    await expect(
      post(`http://other.example:${port}/`, { resolve, allow: ["hooks.corp.example"] }),
    ).rejects.toMatchObject(refused);
    const metadata = async () => [{ address: "169.254.169.254", family: 4 }];
    await expect(
      post("http://hooks.corp.example/", { resolve: metadata, allow: ["hooks.corp.example"] }),
    ).rejects.toMatchObject(refused);
    for (const entry of ["", "http://x/", "10.0.0.0/99", "*", "300.1.1.1"])
      expect(() => guardedOutbound({ allow: [entry] })).toThrow("outbound.allow");
  });

  test("a name that cannot be resolved passes the check and is told when something is sent", async () => {
    const resolve = async () => {
      throw Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
    };
    await guardedOutbound({ resolve }).check("https://hooks.example.com/");
    await expect(post("https://hooks.example.com/", { resolve })).rejects.toMatchObject({
      code: "ADDRESS_UNREACHABLE",
      message: expect.stringContaining("ENOTFOUND"),
    });
  });
});
