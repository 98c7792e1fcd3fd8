// Whatever arrives, the server neither fails nor falls: a refusal is a 4xx with the dialect's body, and the next request is answered.

import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildApp } from "./app.ts";
import { fakeNow, fakeServing, flightDelaySpec, goodBody } from "./fake-serving.fixture.ts";

const PREDICT = "/api/v1/models/flight_delay/predict";
const INFER = "/v2/models/flight_delay/infer";

let app: FastifyInstance;
beforeAll(() => {
  const options = { serving: fakeServing(), models: [flightDelaySpec], version: "1", now: () => fakeNow };
  app = buildApp({ ...options, logger: { level: "silent" } });
});
afterAll(() => app.close());

const goodInference = { inputs: [{ name: "input", shape: [1, 6], datatype: "FP32", data: [1, 2, 3, 4, 5, 6] }] };

/** A body with one part, at any depth, replaced by anything. */
function mangled(body: object): fc.Arbitrary<string> {
  const paths: string[][] = [];
  const walk = (value: unknown, path: string[]): void => {
    paths.push(path);
    if (typeof value === "object" && value !== null)
      for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
  };
  walk(body, []);
  const replace = (value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown => {
    if (key === undefined) return by;
    const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
    copy[key] = replace(copy[key], rest, by);
    return copy;
  };
  const anything = fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 1e308, 2 ** 53, 0.5, null, [], {}, "", "\u0000"));
  return fc
    .tuple(fc.constantFrom(...paths), anything)
    .map(([path, by]) => JSON.stringify(replace(body, path, by)) ?? "null");
}

const bodies = (good: object): fc.Arbitrary<string | Buffer> =>
  fc.oneof(
    mangled(good),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json(),
    fc.nat(JSON.stringify(good).length).map((length) => JSON.stringify(good).slice(0, length)),
  );

const headers = fc.record(
  {
    "content-type": fc.constantFrom("application/json", "application/octet-stream", "text/plain; a=b"),
    "content-encoding": fc.constantFrom("gzip", "deflate", "identity", "x"),
    "inference-header-content-length": fc.oneof(fc.nat(300).map(String), fc.constantFrom("-1", "1e3", "0x10")),
  },
  { requiredKeys: [] },
);

it.each([
  [
    PREDICT,
    goodBody,
    { error: { code: expect.any(String), message: expect.any(String), details: expect.any(Object) } },
  ],
  [INFER, goodInference, { error: expect.any(String) }],
] as const)("%s answers or refuses, whatever is sent", async (url, good, refusal) => {
  const property = fc.asyncProperty(bodies(good), headers, async (payload, given) => {
    const answer = await app.inject({
      method: "POST",
      url,
      headers: { "content-type": "application/json", ...given },
      payload,
    });
    expect([200, 400]).toContain(answer.statusCode);
    if (answer.statusCode === 400) expect(answer.json()).toEqual(refusal);
  });
  await fc.assert(property, { numRuns: 400 });
  expect((await app.inject({ method: "POST", url, payload: good })).statusCode).toBe(200);
});

it("any path is a route, or refused in its dialect's form", async () => {
  const path = fc.oneof(fc.webPath(), fc.string(), fc.constantFrom("%", "//", "..%2f..%2fetc", "%252e%252e", "\u0000"));
  const property = fc.asyncProperty(
    fc.constantFrom("/", "/v2/", "/api/v1/models/", "/v2/models/"),
    path,
    async (start, end) => {
      const url = encodeURI(start).concat(encodeURI(end.replace(/\p{Surrogate}/gu, "")).replaceAll("%25", "%"));
      const answer = await app.inject(url);
      expect([200, 400, 404, 414]).toContain(answer.statusCode);
      if (answer.statusCode !== 200) expect(answer.json()).toHaveProperty("error");
    },
  );
  await fc.assert(property, { numRuns: 400 });
});
