import { expect, it } from "vitest";
import { clicksSpec, flightDelaySpec, goodBody } from "../fake-serving.fixture.ts";
import { openApiDocument } from "./document.ts";

type Node = Readonly<Record<string, never>>;
const document = JSON.parse(
  JSON.stringify(
    openApiDocument([flightDelaySpec], "1.2.3", undefined, {
      withCatalog: true,
      withImported: true,
      pushed: [clicksSpec],
    }),
  ),
);

function* nodes(value: unknown): Generator<Node> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Node;
  for (const item of Object.values(value)) yield* nodes(item);
}

const operations = Object.entries<Node>(document.paths).flatMap(([path, methods]) =>
  Object.entries<Node>(methods).map(([method, operation]) => ({ path, method, operation })),
);

it("has the structure of OpenAPI 3.1", () => {
  expect(document.openapi).toMatch(/^3\.1\.\d+$/);
  expect(document.info).toMatchObject({ title: expect.any(String), version: "1.2.3" });
  for (const { path, method, operation } of operations) {
    const place = `${method} ${path}`;
    expect(path, place).toMatch(/^\//);
    expect(["get", "post"], place).toContain(method);
    expect(Object.keys(operation["responses"] ?? {}).length, place).toBeGreaterThan(0);
    for (const [code, response] of Object.entries<Node>(operation["responses"] ?? {})) {
      expect(code, place).toMatch(/^[2-5]\d\d$/);
      expect(response["description"], place).toEqual(expect.any(String));
    }
    const declared = ((operation["parameters"] ?? []) as unknown as Node[])
      .filter((each) => String(each["in"]) === "path")
      .map((each) => each["name"]);
    expect(declared, place).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  }
  const ids = operations.map(({ operation }) => operation["operationId"]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(document.components.schemas).every((name) => /^[\w.-]+$/.test(name))).toBe(true);
});

it("points only at schemas that are there", () => {
  const references = [...nodes(document)].flatMap((node) => (node["$ref"] === undefined ? [] : [String(node["$ref"])]));
  expect(references.length).toBeGreaterThan(5);
  for (const reference of references) {
    const found = reference
      .replace(/^#\//, "")
      .split("/")
      .reduce<Node | undefined>((node, part) => node?.[part], document);
    expect(found, reference).toBeDefined();
  }
});

it("names any model where those that are not defined are served too, and only the defined ones elsewhere", () => {
  const ofModel = (paths: typeof document.paths): unknown =>
    paths["/v2/models/{model}/infer"].post.parameters[0].schema;
  expect(ofModel(document.paths)).toEqual({ type: "string" });
  expect(Object.keys(document.paths)).toContain("/api/v1/models/{model}/invocations");
  const without = JSON.parse(JSON.stringify(openApiDocument([flightDelaySpec], "1.2.3")));
  expect(ofModel(without.paths)).toEqual({ type: "string", enum: ["flight_delay"] });
  expect(Object.keys(without.paths)).not.toContain("/api/v1/models/{model}/invocations");
});

it("names the real fields of each model on a path of its own", () => {
  const { post } = document.paths["/api/v1/models/flight_delay/predict"];
  const row = document.components.schemas["flight_delay.row"];
  expect(Object.keys(row.properties.keys.properties)).toEqual(["carrier", "origin", "dest"]);
  expect(row.properties.keys.required).toEqual(["origin"]);
  expect(row.properties.request.required).toEqual(["distance", "booked_at"]);
  expect(row.properties.request.properties.fare.anyOf).toContainEqual({ type: "null" });
  expect(Object.keys(goodBody.request).every((name) => name in row.properties.request.properties)).toBe(true);
  const example = post.requestBody.content["application/json"].examples.one.value;
  expect(example.keys).toEqual({ origin: "text", dest: "text" });
  expect(Object.keys(example.request)).toEqual(["carrier", "distance", "fare", "booked_at"]);
});

it("describes a server without models", () => {
  expect(Object.keys(openApiDocument([], "1")["paths"] as Node)).toContain("/readyz");
});
