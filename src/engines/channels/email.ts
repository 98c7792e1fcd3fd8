// E-mail over SMTP through nodemailer. The server's name is looked up by the guarded way out, and the connection is made to the address that was
// checked; its certificate must still be one for the name.

import { SlipwayError } from "../../core/core.ts";
import type { EmailVia } from "../../define/define.ts";
import type { Notice, NoticeOutcome } from "../../ports/notifier.ts";
import type { Outbound } from "../../ports/outbound.ts";
import { factsOf, plain, titleOf } from "./text.ts";
import type { Values } from "./values.ts";

const TIMEOUT_MS = 15_000;

/** Sends a notice. `trusted` are certificates of authorities besides the system's. */
export async function sendEmail(
  notice: Notice,
  via: EmailVia,
  values: Values,
  outbound: Outbound,
  trusted: string | undefined,
): Promise<NoticeOutcome> {
  const [address] = await outbound.addresses(via.host);
  if (address === undefined) return { kind: "failed", problem: `${via.host} has no address`, isFinal: false };
  const { createTransport } = await library();
  const transport = createTransport({
    host: address,
    port: via.port,
    secure: via.security === "tls",
    requireTLS: via.security === "starttls",
    ignoreTLS: via.security === "none",
    tls: { servername: via.host, ...(trusted === undefined ? {} : { ca: trusted }) },
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(via.user === undefined || via.password === undefined
      ? {}
      : { auth: { user: values.of(via.user), pass: values.of(via.password) } }),
  });
  const domain = via.from.slice(via.from.lastIndexOf("@") + 1);
  try {
    await transport.sendMail({
      from: { name: "Slipway", address: via.from },
      to: via.to.map((each) => ({ name: "", address: each })),
      subject: plain(titleOf(notice), 140),
      // The same at every attempt, so that a mailbox may tell a repeat; what is about one incident is one conversation.
      messageId: `<${notice.id}@${domain}>`,
      references: `<${notice.incident.id}@${domain}>`,
      text: [titleOf(notice), "", ...factsOf(notice).map(([name, value]) => `${name}: ${value}`)].join("\n"),
      html: htmlOf(notice),
      headers: { "Auto-Submitted": "auto-generated", "X-Slipway-Delivery-Id": notice.id },
    });
    return { kind: "delivered" };
  } catch (thrown) {
    const { message, responseCode, code } = thrown as Error & {
      readonly responseCode?: number;
      readonly code?: string;
    };
    // 5xx is for good (RFC 5321, section 4.2.1), but for a password that somebody may mend.
    const isFinal = (responseCode ?? 0) >= 500 && code !== "EAUTH";
    return { kind: "failed", problem: plain(message, 300), isFinal };
  } finally {
    transport.close();
  }
}

function htmlOf(notice: Notice): string {
  const rows = factsOf(notice).map(
    ([name, value]) => `<tr><th align="left" valign="top">${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  return `<!doctype html><html><body><h3>${escaped(titleOf(notice))}</h3><table cellpadding="4">${rows.join("")}</table></body></html>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** The package nodemailer, which only those who send e-mail need. */
async function library(): Promise<typeof import("nodemailer")> {
  const found = await import("nodemailer").catch(() => undefined);
  if (found) return found;
  throw new SlipwayError("ENGINE_NOT_INSTALLED", "E-mail needs the package nodemailer. Run: npm install nodemailer.", {
    details: { package: "nodemailer" },
  });
}
