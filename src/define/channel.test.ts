import { describe, expect, test } from "vitest";
import { hours } from "../core/core.ts";
import {
  auc,
  collectProject,
  definitionHash,
  email,
  env,
  jira,
  log,
  model,
  monitor,
  parquet,
  random,
  slack,
  specOf,
  t,
  teams,
  webhook,
  xgboost,
} from "./define.ts";

const night = slack("night", { webhook: env("SLACK"), owner: "ana" });
const out = log("out");

describe("a channel", () => {
  test("names variables, and holds no secret", () => {
    expect(specOf(night)).toEqual({
      kind: "channel",
      name: "night",
      via: { service: "slack", webhook: { env: "SLACK" } },
      owner: "ana",
    });
    const secret = "https://hooks.slack.com/services/T0/B0/secret" as never;
    const wrong = [
      () => slack("a", { webhook: secret }),
      () => teams("a", { webhook: secret }),
      () => webhook("a", { url: "https://example.com", secret }),
      () => jira("a", { site: "https://x.atlassian.net", project: "OPS", user: "u@x.y", token: secret }),
      () => email("a", { host: "mail.x", user: "u", password: secret, from: "a@x.y", to: "b@x.y" }),
      () => webhook("a", { url: "https://user:secret@example.com/", secret: env("S") }),
      () => webhook("a", { url: "https://example.com/?key=secret", secret: env("S") }),
    ];
    for (const each of wrong) {
      expect(each).toThrow(expect.objectContaining({ code: "DEFINITION_INVALID" }));
      expect(each).not.toThrow("secret@");
      expect(each).not.toThrow("B0/secret");
    }
  });

  const mail = { host: "mail.example.com", from: "slipway@example.com", to: "ana@example.com" };

  test("of e-mail is encrypted, and takes addresses alone", () => {
    expect(specOf(email("mail", mail)).via).toMatchObject({ port: 587, security: "starttls", to: ["ana@example.com"] });
    expect(specOf(email("mail", { ...mail, security: "tls" })).via).toMatchObject({ port: 465 });
    for (const odd of [
      { to: [] },
      { to: "ana" },
      { to: "a@b.c\r\nBcc: d@e.f" },
      { to: ["a@b.c, d@e.f"] },
      { from: "Ana <a@b.c>" },
      { host: "mail example" },
      { host: "" },
      { port: 0 },
      { security: "ssl" as never },
      { user: "ana" },
      { password: env("P") },
      { security: "none" as const, user: "ana", password: env("P") },
    ])
      expect(() => email("mail", { ...mail, ...odd })).toThrow(expect.objectContaining({ code: "DEFINITION_INVALID" }));
  });

  test("of Jira takes a site and a project's key", () => {
    const options = { site: "https://x.atlassian.net/", project: "OPS", user: "u@x.y", token: env("T") };
    expect(specOf(jira("j", options)).via).toMatchObject({ site: "https://x.atlassian.net", issueType: "Task" });
    for (const odd of [{ project: 'OPS" OR 1' }, { project: "ops" }, { site: "x.atlassian.net" }, { site: "ftp://x" }])
      expect(() => jira("j", { ...options, ...odd })).toThrow(expect.objectContaining({ code: "DEFINITION_INVALID" }));
  });
});

describe("a monitor's alerts", () => {
  const rows = parquet("rows", {
    path: "rows.parquet",
    columns: { id: t.string(), km: t.float64(), late: t.bool(), at: t.timestamp() },
    id: "id",
    eventTime: "at",
  });
  const late = model("late", {
    rows,
    features: [],
    request: { km: t.float64() },
    label: rows.late,
    trainer: xgboost(),
    split: random({ validate: 0.1, test: 0.1 }),
    metrics: [auc()],
  });
  const health = (alerts?: Parameters<typeof monitor>[1]["alerts"]) =>
    monitor("health", { model: late, every: hours(1), ...(alerts ? { alerts } : {}) });

  test("go to channels from a severity on, and change nothing of what the monitor means", () => {
    const told = health({ to: [night, { channel: out, from: "info" }], cooldown: hours(6), resolveAfter: 2 });
    expect(specOf(told).alerts).toEqual({
      cooldown: hours(6),
      resolveAfter: 2,
      to: [
        { channel: "night", from: "warning" },
        { channel: "out", from: "info" },
      ],
    });
    expect(definitionHash(specOf(told))).toBe(definitionHash(specOf(health())));
    expect(specOf(health())).not.toHaveProperty("alerts");
  });

  test("that cannot be kept are refused", () => {
    for (const odd of [
      { cooldown: 5 as never },
      { cooldown: -1n },
      { resolveAfter: 0 },
      { resolveAfter: 1.5 },
      { to: [night, night] },
      { to: [{ channel: night, from: "worst" as never }] },
    ])
      expect(() => health(odd)).toThrow(expect.objectContaining({ code: "DEFINITION_INVALID" }));
  });

  test("go only to channels that are exported", () => {
    expect(() => collectProject("p", { rows, late, health: health({ to: [night] }) })).toThrow(
      'monitor "health" tells channel "night", which is not exported.',
    );
    expect(collectProject("p", { rows, late, health: health({ to: [night] }), night }).definitions).toContainEqual(
      specOf(night),
    );
  });
});
