import { createHmac } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { minutes, parseInstant, seconds } from "../../core/core.ts";
import { type Channel, env, jira, log, slack, specOf, teams, webhook } from "../../define/define.ts";
import type { Notice, NoticeOutcome } from "../../ports/notifier.ts";
import { guardedOutbound } from "../system/system.ts";
import { retryAfterOf } from "./answer.ts";
import { channelNotifier } from "./channels.ts";
import { standIns } from "./stand-ins.fixture.ts";

let there: Awaited<ReturnType<typeof standIns>>;
let variables: Record<string, string>;
const lines: string[] = [];
beforeAll(async () => {
  there = await standIns();
  variables = {
    SLACK: `${there.url}/services/T0/B0/slack-secret`,
    TEAMS: `${there.url}/workflows/w?sig=teams-secret`,
    SIGN: "signing-secret",
    JIRA_TOKEN: "jira-token",
  };
});
afterAll(() => there.close());
afterEach(() => {
  there.seen.length = 0;
  there.issues.length = 0;
});

const HOSTILE =
  'x"><img src=x onerror=alert(1)> <!channel> <https://evil.example|click> [go](https://evil.example) *b*\r\nBcc: evil@example.com\u202e\u0000';
const notice = (over: Partial<Notice> = {}, alert: Partial<Notice["alert"]> = {}): Notice => ({
  id: "01957b1e-0000-7000-8000-00000000d001",
  change: "opened",
  at: "2025-03-01T06:00:00Z",
  by: "monitor health",
  note: null,
  project: "flights",
  alert: {
    id: "01957b1e-0000-7000-8000-00000000a001",
    monitor: "health",
    model: "delay",
    version: 3,
    kind: "drift",
    subject: "origin",
    severity: "warning",
    status: "open",
    openedAt: "2025-03-01T06:00:00Z",
    windowFrom: "2025-02-22T06:00:00Z",
    windowTo: "2025-03-01T06:00:00Z",
    timesSeen: 1,
    evidence: { psi: 0.3 },
    ...alert,
  },
  incident: {
    id: "01957b1e-0000-7000-8000-00000000c001",
    severity: "warning",
    openedAt: "2025-03-01T06:00:00Z",
    unresolved: 1,
  },
  ...over,
});
const hostile = (over: Partial<Notice> = {}): Notice =>
  notice(
    { by: HOSTILE, note: HOSTILE, ...over },
    { kind: HOSTILE, subject: HOSTILE, evidence: { [HOSTILE]: HOSTILE } },
  );

const send = (channel: Channel, told: Notice = notice(), reference?: string, allow = ["127.0.0.1"]) =>
  channelNotifier({
    outbound: guardedOutbound({ allow, timeoutMs: 3000 }),
    env: variables,
    now: () => parseInstant("2025-03-01T06:00:07Z"),
    write: (line) => lines.push(line),
  }).send(told, specOf(channel), reference);
const delivered = { kind: "delivered" };
const issues = (options: Partial<Parameters<typeof jira>[1]> = {}): Channel =>
  jira("tickets", {
    site: there.url,
    project: "OPS",
    issueType: "Bug",
    user: "bot@example.com",
    token: env("JIRA_TOKEN"),
    ...options,
  });
const each = (): readonly Channel[] => [
  slack("night", { webhook: env("SLACK") }),
  teams("ops", { webhook: env("TEAMS") }),
  webhook("hook", { url: `${there.url}/hook`, secret: env("SIGN") }),
  issues(),
];

describe("what a service takes", () => {
  test("Slack: a header, the facts and the id as blocks", async () => {
    expect(await send(slack("night", { webhook: env("SLACK") }))).toEqual(delivered);
    expect(there.seen[0]).toMatchObject({
      method: "POST",
      path: "/services/T0/B0/slack-secret",
      body: {
        text: "[warning] drift of origin in delay@3: opened",
        blocks: [{ text: { text: "[warning] drift of origin in delay@3: opened" } }, {}, {}],
      },
    });
    expect(there.seen[0]?.body.blocks?.[1]?.text?.text).toContain('Evidence: {"psi":0.3}');
  });

  test("Teams: an Adaptive Card in a message", async () => {
    expect(await send(teams("ops", { webhook: env("TEAMS") }))).toEqual(delivered);
    expect(there.seen[0]?.text).toContain("[warning] drift of origin in delay@3: opened");
  });

  test("a webhook: the notice, signed over id, time and body", async () => {
    expect(await send(webhook("hook", { url: `${there.url}/hook`, secret: env("SIGN") }))).toEqual(delivered);
    const { headers, text, body } = there.seen[0] ?? expect.fail();
    const signed = `${headers["x-slipway-delivery-id"]}.${headers["x-slipway-timestamp"]}.${text}`;
    const expected = createHmac("sha256", "signing-secret").update(signed).digest("base64");
    expect(headers["x-slipway-signature"]).toBe(`v1,${expected}`);
    expect(headers["x-slipway-timestamp"]).toBe(String(Date.UTC(2025, 2, 1, 6, 0, 7) / 1000));
    expect(body).toEqual({ entity: "alert", action: "opened", timestamp: "2025-03-01T06:00:00Z", data: notice() });
  });

  test("a log: one line of JSON, whatever is in it", async () => {
    expect(await send(log("out"), hostile())).toEqual(delivered);
    const line = lines.at(-1) ?? "";
    expect(line).not.toMatch(/[\r\n]/);
    expect(JSON.parse(line)).toMatchObject({ event: "alert", note: HOSTILE });
  });
});

describe("an issue in Jira", () => {
  const second = { id: "01957b1e-0000-7000-8000-00000000d002" };

  test("is made once for an incident, commented on, closed with the last alert and opened again", async () => {
    expect(await send(issues())).toEqual({ kind: "delivered", reference: "OPS-1" });
    expect(there.issues).toMatchObject([
      {
        fields: {
          project: { key: "OPS" },
          issuetype: { name: "Bug" },
          summary: "[warning] drift of origin in delay@3",
          labels: ["slipway", `slipway-${notice().incident.id}`],
        },
      },
    ]);
    const of = (change: Notice["change"], unresolved = 1): Notice =>
      notice({ ...second, change, note: "the feed is late", incident: { ...notice().incident, unresolved } });
    for (const step of ["acknowledged", "commented", "resolved"] as const)
      expect(await send(issues(), of(step), "OPS-1")).toEqual({ kind: "delivered", reference: "OPS-1" });
    expect(there.issues).toMatchObject([{ status: "new", comments: [{}, {}, {}] }]);
    expect(JSON.stringify(there.issues[0]?.comments[0])).toContain("the feed is late");
    await send(issues(), of("resolved", 0), "OPS-1");
    expect(there.issues[0]?.status).toBe("done");
    await send(issues(), of("reopened"), "OPS-1");
    expect(there.issues[0]?.status).toBe("new");
    expect(there.issues).toHaveLength(1);
  });

  test("that could not be closed has no comment yet, so that trying again makes no second one", async () => {
    await send(issues());
    const over = notice({ ...second, change: "resolved", incident: { ...notice().incident, unresolved: 0 } });
    there.next({ status: 503 });
    expect(await send(issues(), over, "OPS-1")).toMatchObject({ kind: "failed", isFinal: false });
    expect(await send(issues(), over, "OPS-1")).toMatchObject({ kind: "delivered" });
    expect(there.issues).toMatchObject([{ status: "done", comments: [{}] }]);
  });

  test("that was made by a process that was killed before it said so is found again, and not made twice", async () => {
    await send(issues());
    expect(await send(issues())).toEqual({ kind: "delivered", reference: "OPS-1" });
    expect(await send(issues(), notice({ ...second, change: "escalated" }))).toMatchObject({ reference: "OPS-1" });
    expect(there.issues).toMatchObject([{ comments: [{}] }]);
  });

  test("that may have been made is looked for only when Jira's search can know it", async () => {
    there.next({ status: 200, body: { issues: [] } }, { status: 201, body: "no JSON" });
    expect(await send(issues())).toMatchObject({ kind: "failed", isFinal: false, retryAfter: minutes(3) });
  });

  test("is not made to say that something is over", async () => {
    expect(await send(issues(), notice({ change: "resolved" }))).toEqual(delivered);
    expect(there.issues).toEqual([]);
  });

  test("that is refused says why, in Jira's words", async () => {
    expect(await send(issues({ issueType: "Epoch" }))).toEqual({
      kind: "failed",
      problem: "answered 400: issuetype: Specify a valid issue type",
      isFinal: true,
    });
    expect(await send(issues({ user: "nobody@example.com" }))).toMatchObject({
      problem: "answered 401: You are not authenticated.",
      isFinal: false,
    });
  });

  test("is only looked for in a test", async () => {
    expect(await send(issues(), notice({ change: "test" }))).toEqual(delivered);
    expect(there.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /rest/api/3/project/OPS"]);
  });
});

describe("what users wrote", () => {
  test("stays text everywhere", async () => {
    for (const channel of each()) expect(await send(channel, hostile())).toMatchObject(delivered);
    const [slacked, teamed] = there.seen;
    // Slack reads `<…>` and `*` in this one field alone, and only `<`, `>` and `&` can begin anything there.
    expect(slacked?.body.text).not.toMatch(/[<>]/);
    expect(teamed?.text).not.toMatch(/"type":"(TextBlock|FactSet|Fact)"/);
    for (const { fields } of there.issues) expect(fields.summary).not.toMatch(/\p{Cc}/u);
  });

  test("is cut where a service takes no more", async () => {
    const long = "é🙂<&".repeat(20_000);
    const told = notice({ note: long, by: long }, { subject: long, evidence: { long } });
    for (const channel of each()) expect(await send(channel, told)).toMatchObject(delivered);
  });
});

describe("what goes wrong", () => {
  const failing = async (status: number, headers = {}): Promise<readonly NoticeOutcome[]> => {
    const outcomes = [];
    for (const channel of each()) {
      there.next({ status, headers, body: "" });
      outcomes.push(await send(channel));
    }
    return outcomes;
  };

  test.each([500, 502, 503, 429, 408, 401, 403])("%i is worth another try", async (status) => {
    for (const outcome of await failing(status)) expect(outcome).toMatchObject({ kind: "failed", isFinal: false });
  });

  test.each([400, 404, 410, 413])("%i is for good", async (status) => {
    for (const outcome of await failing(status))
      expect(outcome).toMatchObject({ kind: "failed", isFinal: true, problem: `answered ${status}` });
  });

  test("who asks to be left alone is, for as long", async () => {
    for (const outcome of await failing(429, { "retry-after": "30" }))
      expect(outcome).toMatchObject({ retryAfter: seconds(30) });
    const date = { date: "Sat, 01 Mar 2025 06:00:00 GMT" };
    expect(retryAfterOf({ headers: { ...date, "retry-after": "Sat, 01 Mar 2025 06:01:30 GMT" } })).toBe(seconds(90));
    for (const odd of ["soon", "-5", "1e9", "Sat, 01 Mar 2025 05:00:00 GMT", "99999999999"])
      expect(retryAfterOf({ headers: { ...date, "retry-after": odd } })).toBeUndefined();
  });

  test("redirects are not followed, and machines inside are not reached unless the config says so", async () => {
    for (const outcome of await failing(307, { location: `${there.url}/inside` }))
      expect(outcome).toMatchObject({ isFinal: true, problem: "answered 307: redirects are not followed" });
    expect(there.seen.some(({ path }) => path === "/inside")).toBe(false);
    there.seen.length = 0;
    for (const channel of each())
      expect(await send(channel, notice(), undefined, [])).toMatchObject({
        kind: "failed",
        problem: expect.stringContaining("not a public address"),
      });
    expect(there.seen).toEqual([]);
  });

  test("no secret stands in what is said about it", async () => {
    const secret = "https://hooks.example.com/ services/T0/B0/very-secret";
    variables["ODD"] = secret;
    const [odd, long] = [slack("odd", { webhook: env("ODD") }), slack("long", { webhook: env("LONG") })];
    variables["LONG"] = `no-address-${"very-secret".repeat(40)}`;
    there.next({ status: 400, body: `invalid ${variables["SLACK"]}` });
    for (const outcome of [await send(odd), await send(long), await send(slack("night", { webhook: env("SLACK") }))]) {
      expect(outcome).toMatchObject({ kind: "failed" });
      expect(JSON.stringify(outcome)).not.toMatch(/very-secret|slack-secret/);
    }
  });

  test("a variable that is not set is named, and so is a connector that is gone", async () => {
    expect(await send(slack("night", { webhook: env("NOT_SET") }))).toMatchObject({
      problem: 'channel "night" needs NOT_SET, which is not set. Set it where the server runs and start it again.',
      isFinal: false,
    });
    variables["OLD"] = "https://example.webhook.office.com/webhookb2/a";
    expect(await send(teams("ops", { webhook: env("OLD") }))).toMatchObject({
      problem: expect.stringContaining("retired Office 365 connector"),
    });
  });
});
