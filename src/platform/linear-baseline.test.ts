import { expect, test } from "vitest";
import { days } from "../core/core.ts";
import { auc, byTime, dateParts, model, parquet, specOf, t, xgboost } from "../define/define.ts";
import { linearScorer } from "./linear-baseline.ts";
import type { Platform } from "./open.ts";

test("a model of moments alone has no linear model beside it, and that is a note", async () => {
  const rows = parquet("rows", {
    path: "rows.parquet",
    columns: { id: t.string(), at: t.timestamp(), came: t.bool() },
    id: "id",
    eventTime: "at",
  });
  const spec = model("hourly", {
    rows,
    features: [],
    request: { at: t.timestamp() },
    preprocess: { at: dateParts(["month", "hourOfDay"]) },
    label: rows.came,
    trainer: xgboost(),
    split: byTime({ validate: days(1), test: days(1) }),
    metrics: [auc()],
  });
  expect(await linearScorer({} as Platform, specOf(spec), undefined)).toContain("moments alone");
});
