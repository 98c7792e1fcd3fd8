// E-mail against a real SMTP server with a certificate of its own authority, made for this run.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { email, env, specOf } from "../../define/define.ts";
import type { Notice, NoticeOutcome } from "../../ports/notifier.ts";
import { guardedOutbound } from "../system/system.ts";
import { channelNotifier } from "./channels.ts";

const hasOpenssl = ((): boolean => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

let folder: string;
let certificate: string;
let key: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-email-"));
  if (!hasOpenssl) return;
  const [keyFile, certificateFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const about = ["-subj", "/CN=mail.test", "-addext", "subjectAltName=DNS:mail.test", "-days", "2"];
  const files = ["-keyout", keyFile, "-out", certificateFile];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, ...about], { stdio: "ignore" });
  [key, certificate] = [readFileSync(keyFile, "utf8"), readFileSync(certificateFile, "utf8")];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Received {
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly to: readonly string[];
  readonly message: string;
}

async function mailServer(options: SMTPServerOptions = {}) {
  const received: Received[] = [];
  const attempts: string[] = [];
  const server = new SMTPServer({
    key,
    cert: certificate,
    authMethods: ["PLAIN", "LOGIN"],
    onAuth: ({ username, password }, session, done) => {
      attempts.push(`${username}:${session.secure ? "secure" : "in the clear"}`);
      if (username === "bot" && password === "mail-secret") done(null, { user: username });
      else done(new Error("Invalid username or password"));
    },
    onData: (stream, session, done) => {
      let message = "";
      stream.on("data", (chunk: Buffer) => {
        message += chunk.toString("utf8");
      });
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        received.push({ secure: session.secure, user: session.user as string | undefined, to, message });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, received, attempts };
}

const HOSTILE = '<img src=x onerror=alert(1)>&"\r\nBcc: evil@example.com\r\n\r\n<script>';
const notice: Notice = {
  id: "01957b1e-0000-7000-8000-00000000d001",
  change: "opened",
  at: "2025-03-01T06:00:00Z",
  by: HOSTILE,
  note: HOSTILE,
  project: "flights",
  alert: {
    id: "01957b1e-0000-7000-8000-00000000a001",
    monitor: "health",
    model: "delay",
    version: 3,
    kind: "drift",
    subject: `or\r\nBcc: evil@example.com\r\n\r\nigin <b>`,
    severity: "critical",
    status: "open",
    openedAt: "2025-03-01T06:00:00Z",
    windowFrom: "2025-02-22T06:00:00Z",
    windowTo: "2025-03-01T06:00:00Z",
    timesSeen: 1,
    evidence: { psi: 0.3 },
  },
  incident: { id: "01957b1e-0000-7000-8000-00000000c001", severity: "critical", openedAt: "", unresolved: 1 },
};

interface Sending extends Partial<Parameters<typeof email>[1]> {
  readonly allow?: readonly string[];
  readonly trusted?: string;
}

const send = (port: number, { allow = ["mail.test"], trusted = certificate, ...options }: Sending = {}) =>
  channelNotifier({
    outbound: guardedOutbound({
      allow,
      timeoutMs: 3000,
      resolve: async () => [{ address: "127.0.0.1", family: 4 }],
    }),
    env: { MAIL: "mail-secret", WRONG: "wrong-secret" },
    now: () => 0n,
    write: () => undefined,
    trusted,
  }).send(
    notice,
    specOf(
      email("mail", {
        host: "mail.test",
        port,
        user: "bot",
        password: env("MAIL"),
        from: "slipway@example.com",
        to: ["ana@example.com", "bob@example.com"],
        ...options,
      }),
    ),
  );
const problem = async (sent: Promise<NoticeOutcome>): Promise<string> => {
  const outcome = await sent;
  return outcome.kind === "failed" ? outcome.problem : outcome.kind;
};

describe.skipIf(!hasOpenssl)("e-mail (needs openssl to make a certificate)", () => {
  test.each(["starttls", "tls"] as const)("by %s goes out encrypted, with the user's password", async (security) => {
    const { port, received } = await mailServer({ secure: security === "tls" });
    expect(await send(port, { security })).toEqual({ kind: "delivered" });
    expect(received).toMatchObject([{ secure: true, user: "bot", to: ["ana@example.com", "bob@example.com"] }]);
  });

  test("names that break lines add no header, no receiver and no markup", async () => {
    const { port, received } = await mailServer();
    await send(port);
    const [{ message, to } = expect.fail()] = received;
    const [head = "", ...rest] = message.split("\r\n\r\n");
    const headers = head.replace(/\r\n[ \t]+/g, " ").split("\r\n");
    const named = (name: string) => headers.filter((line) => line.toLowerCase().startsWith(`${name}:`));
    expect(named("bcc")).toEqual([]);
    expect(named("subject")).toHaveLength(1);
    expect(named("message-id")).toEqual([`Message-ID: <${notice.id}@example.com>`]);
    expect(named("references")).toEqual([`References: <${notice.incident.id}@example.com>`]);
    expect(to).toEqual(["ana@example.com", "bob@example.com"]);
    const html = rest.join("\r\n\r\n").replace(/=\r\n/g, "").split("text/html")[1] ?? "";
    expect(html).not.toMatch(/<(img|script|b)\b/);
    expect(html).toContain("&lt;img src=3Dx onerror=3Dalert(1)&gt;&amp;&quot;");
  });

  test("is not sent where the server offers no encryption, or has another's certificate; and no password is", async () => {
    const bare = await mailServer({ disabledCommands: ["STARTTLS"], allowInsecureAuth: true });
    expect(await problem(send(bare.port))).toMatch(/STARTTLS|TLS|502|500/i);
    const other = await mailServer();
    expect(await problem(send(other.port, { host: "other.test", allow: ["other.test"] }))).toMatch(/altnames|cert/i);
    expect(await problem(send(other.port, { trusted: "" }))).toMatch(/self-signed|certificate/i);
    expect([...bare.attempts, ...other.attempts]).toEqual([]);
    expect([...bare.received, ...other.received]).toEqual([]);
  });

  test("without encryption takes no password, and goes to who wants none", async () => {
    const { port, received } = await mailServer({ authOptional: true, hideSTARTTLS: true });
    const channel = email("mail", {
      host: "mail.test",
      port,
      security: "none",
      from: "a@b.c",
      to: "ana@example.com",
    });
    const notifier = channelNotifier({
      outbound: guardedOutbound({ allow: ["mail.test"], resolve: async () => [{ address: "127.0.0.1", family: 4 }] }),
      env: {},
      now: () => 0n,
      write: () => undefined,
    });
    expect(await notifier.send(notice, specOf(channel))).toEqual({ kind: "delivered" });
    expect(received).toMatchObject([{ secure: false, user: undefined }]);
  });

  test("with a wrong password is tried again, a receiver nobody knows is not, and neither says the password", async () => {
    const { port } = await mailServer();
    const wrong = await send(port, { password: env("WRONG") });
    expect(wrong).toMatchObject({ kind: "failed", isFinal: false });
    expect(JSON.stringify(wrong)).not.toContain("wrong-secret");
    const strict = await mailServer({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error("No such user here"), { responseCode: 550 })),
    });
    expect(await send(strict.port)).toMatchObject({ kind: "failed", isFinal: true });
  });

  test("reaches no machine inside unless the config says so, and none that is off", async () => {
    const { port, received } = await mailServer();
    expect(await problem(send(port, { allow: [] }))).toContain("not a public address");
    expect(received).toEqual([]);
    expect(await send(1)).toMatchObject({ kind: "failed", isFinal: false });
  });
});
