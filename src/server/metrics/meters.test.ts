import { expect, it } from "vitest";
import { SlipwayError } from "../../core/core.ts";
import { buildApp } from "../app.ts";
import { fakeNow, fakeServing, flightDelaySpec, goodBody } from "../fake-serving.fixture.ts";

const PREDICT = "/api/v1/models/flight_delay/predict";

it("counts requests, predictions and feature reads under names that callers cannot choose", async () => {
  const serving = fakeServing();
  const options = { serving, models: [flightDelaySpec], version: "1.2.3", now: () => fakeNow };
  const app = buildApp({ ...options, logger: { level: "silent" } });
  const one = { ...goodBody, id: undefined };
  await app.inject({ method: "POST", url: PREDICT, payload: goodBody });
  await app.inject({ method: "POST", url: PREDICT, payload: { rows: [one, { ...one, keys: { carrier: "ZZ" } }] } });
  await app.inject({ method: "POST", url: PREDICT, payload: { keys: { evil: 1 } } });
  for (const path of ["/evil", "/api/v1/models/evil", "/v2/models/evil/infer", "/v2/evil"]) await app.inject(path);
  const data = [1, 2, 3, 4, 5, 6];
  const inputs = [{ name: "input", datatype: "FP32", shape: [1, 6], data }];
  await app.inject({ method: "POST", url: "/v2/models/flight_delay/infer", payload: { inputs } });
  serving.problem = new SlipwayError("FEATURES_MISMATCH", "evil");
  const { payload: text, headers } = await app.inject("/metrics");
  expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).not.toContain("evil");
  for (const line of [
    'slipway_http_request_duration_seconds_count{route="/api/v1/models/:model/predict",status="200"} 2',
    'slipway_http_request_duration_seconds_count{route="/api/v1/models/:model/predict",status="400"} 1',
    'slipway_http_request_duration_seconds_count{route="unmatched",status="404"} 3',
    'slipway_predictions_total{model="flight_delay",version="3",route="champion"} 3',
    'slipway_tensor_rows_scored_total{model="flight_delay",version="3"} 1',
    'slipway_served_version{model="flight_delay",version="3"} 1',
    'slipway_champion_refused{model="flight_delay"} 1',
    'slipway_build_info{version="1.2.3"} 1',
    'slipway_feature_reads_total{view="carrier_delays",status="present"} 2',
    'slipway_feature_reads_total{view="carrier_delays",status="missing"} 1',
    'slipway_feature_reads_total{view="route_delays",status="expired"} 3',
    'slipway_feature_age_seconds_bucket{le="60",view="carrier_delays"} 0',
    'slipway_feature_age_seconds_bucket{le="300",view="carrier_delays"} 2',
    'slipway_feature_age_seconds_bucket{le="+Inf",view="carrier_delays"} 2',
    'slipway_feature_age_seconds_sum{view="carrier_delays"} 181',
    'slipway_feature_age_seconds_count{view="route_delays"} 3',
  ])
    expect(text.split("\n"), line).toContain(line);
  expect(text).toContain("process_cpu_seconds_total");
  serving.version = 4;
  const moved = (await app.inject("/metrics")).payload;
  expect(moved).toContain('slipway_served_version{model="flight_delay",version="4"} 1');
  expect(moved).not.toContain('slipway_served_version{model="flight_delay",version="3"}');
  await app.close();
});

it("is text that a scraper can read, line by line", async () => {
  const app = buildApp({ serving: fakeServing(), models: [flightDelaySpec], version: "1", now: () => fakeNow });
  await app.inject({ method: "POST", url: PREDICT, payload: goodBody });
  const { payload } = await app.inject("/metrics");
  expect(payload.endsWith("\n")).toBe(true);
  for (const line of payload.trimEnd().split("\n").filter(Boolean))
    expect(line).toMatch(/^# (HELP|TYPE) \w+ .+$|^\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? (\S+)$/);
  await app.close();
});
