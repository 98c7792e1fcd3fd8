import { expect, test } from "vitest";
import { days, minutes } from "../core/core.ts";
import { pushSource, specOf, t } from "./define.ts";

const columns = { click: t.string(), user: t.string(), at: t.timestamp(), told_at: t.timestamp().optional() };

test("a push source has a column for when an event was acknowledged, unless one is named", () => {
  const clicks = pushSource("clicks", { columns, id: "click", eventTime: "at" });
  expect(specOf(clicks)).toMatchObject({ format: "push", createdAt: "acknowledged_at", maxAhead: minutes(5) });
  expect(clicks.acknowledged_at.type).toBe("timestamp");
  expect(specOf(clicks).columns.at(-1)).toEqual({ name: "acknowledged_at", type: "timestamp", optional: true });
  const own = pushSource("clicks", { columns, id: "click", eventTime: "at", createdAt: "told_at", maxAhead: days(1) });
  expect(specOf(own)).toMatchObject({ createdAt: "told_at", maxAhead: days(1) });
  expect(specOf(own).columns).toHaveLength(4);
});

test("a push source that could not tell its events apart is refused", () => {
  const refused =
    (options: object): (() => unknown) =>
    () =>
      pushSource("clicks", { columns, id: "click", eventTime: "at", ...options } as never);
  expect(refused({ id: "nothing" })).toThrow('names column "nothing", which it does not declare');
  expect(refused({ columns: { ...columns, click: t.string().optional() } })).toThrow('needs "click" of every event');
  expect(refused({ eventTime: "told_at" })).toThrow('needs "told_at" of every event');
  expect(refused({ columns: { ...columns, acknowledged_at: t.timestamp() } })).toThrow("name it with createdAt");
  expect(refused({ maxAhead: -1n })).toThrow("negative maxAhead");
});
