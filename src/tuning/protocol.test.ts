// The promises of docs/tuning.md, each held over the protocol itself, for every sampler.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createOptimiser } from "./optimiser.ts";
import { converse } from "./protocol.ts";
import type { SamplerName } from "./samplers.ts";
import { samplers } from "./samplers.ts";
import { anySpace, everyKind } from "./space.fixture.ts";
import type { Params, Space } from "./space.ts";

type Reply = Record<string, unknown> & {
  readonly id: number;
  readonly params: Params;
  readonly error: { code: string };
};

const names = Object.keys(samplers) as readonly SamplerName[];

function talk(create: object): (command: object) => Reply {
  const answer = converse("1.2.3");
  const send = (command: object): Reply => JSON.parse(answer(JSON.stringify(command)) ?? "null") as Reply;
  expect(send({ cmd: "create", ...create })).toEqual({ ok: true });
  return send;
}

/** What a study suggests when it is told `objective` of each suggestion, in turn. */
function suggestions(create: object, count: number, objective: (params: Params) => number): readonly Params[] {
  const send = talk(create);
  return Array.from({ length: count }, () => {
    const { id, params } = send({ cmd: "ask" });
    send({ cmd: "tell", id, value: objective(params) });
    return params;
  });
}

const score = (params: Params): number =>
  Object.values(params).reduce<number>(
    (sum, value) => sum + (typeof value === "number" ? Math.abs(value - 0.3) : String(value).length),
    0,
  );

function expectInside(space: Space, params: Params): void {
  const active = Object.entries(space).filter(([, parameter]) =>
    Object.entries(parameter.when ?? {}).every(
      ([parent, values]) => parent in params && values.includes(params[parent]!),
    ),
  );
  expect(Object.keys(params)).toEqual(active.map(([name]) => name));
  for (const [name, parameter] of active) {
    const value = params[name]!;
    if (parameter.kind === "bool") expect(typeof value).toBe("boolean");
    else if (parameter.kind === "categorical") expect(parameter.choices).toContain(value);
    else {
      expect(value).toBeGreaterThanOrEqual(parameter.low);
      expect(value).toBeLessThanOrEqual(parameter.high);
      if (parameter.kind === "int") expect(Number.isInteger(value)).toBe(true);
      const steps = ((value as number) - parameter.low) / (parameter.step ?? 1);
      if (parameter.step !== undefined) expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-6);
    }
  }
}

describe.each(names)("%s", (sampler) => {
  test("suggests only what lies in the space", () => {
    for (const params of suggestions({ space: everyKind, direction: "minimize", seed: 3, sampler }, 40, score))
      expectInside(everyKind, params);
    fc.assert(
      fc.property(anySpace, fc.nat({ max: 1e9 }), (space, seed) => {
        for (const params of suggestions({ space, seed, sampler }, 14, score)) expectInside(space, params);
      }),
      { numRuns: 15 },
    );
  });

  test("suggests the same for the same seed and answers, and for the opposite direction and sign", () => {
    const create = { space: everyKind, direction: "minimize", seed: 11, budget: 30, sampler };
    const first = suggestions(create, 30, score);
    expect(suggestions(create, 30, score)).toEqual(first);
    expect(suggestions({ ...create, direction: "maximize" }, 30, (params) => -score(params))).toEqual(first);
  });

  test("repeats nothing while something is left", () => {
    const space = {
      a: { kind: "int", low: 0, high: 4 },
      b: { kind: "bool" },
      c: { kind: "categorical", choices: ["x", "y", "z"] },
    };
    const seen = suggestions({ space, seed: 5, sampler }, 30, score).map((params) => JSON.stringify(params));
    expect(new Set(seen).size).toBe(30);
    expect(suggestions({ space, seed: 5, sampler }, 33, score)).toHaveLength(33);
  });

  test("spreads trials that are pending, told in any order, failed or all failed", () => {
    const send = talk({ space: everyKind, seed: 2, sampler });
    const ask = (): Reply => send({ cmd: "ask" });
    const batch = Array.from({ length: 12 }, ask);
    expect(new Set(batch.map(({ params }) => JSON.stringify(params))).size).toBe(12);
    for (const { id } of [...batch].reverse()) expect(send({ cmd: "tell", id, state: "failed" })).toEqual({ ok: true });
    expect(send({ cmd: "best" }).error.code).toBe("no_trial");
    const more = Array.from({ length: 8 }, ask);
    for (const { id, params } of more) send({ cmd: "tell", id, value: score(params) });
    const pending = Array.from({ length: 4 }, ask).map(({ params }) => JSON.stringify(params));
    expect(new Set(pending).size).toBe(4);
  });

  test("keeps answering when every value is the same, or huge", () => {
    for (const value of [0, 1e308, -1e308]) suggestions({ space: everyKind, seed: 1, sampler }, 14, () => value);
    suggestions({ space: everyKind, seed: 1, sampler }, 14, (params) => (params["quick"] ? 1e300 : -1e300));
  });
});

describe("the protocol", () => {
  const create = { cmd: "create", space: { x: { kind: "float", low: 0, high: 1 } }, direction: "minimize", seed: 1 };

  test("greets, counts ids, and knows the best", () => {
    const send = talk(create);
    expect(send({ cmd: "hello" })).toMatchObject({ protocol: 1, name: "slipway", version: "1.2.3" });
    const told = [0.5, 0.2, 0.9].map((value) => {
      const { id, params } = send({ cmd: "ask" });
      send({ cmd: "tell", id, value });
      return { id, value, params };
    });
    expect(told.map(({ id }) => id)).toEqual([0, 1, 2]);
    expect(send({ cmd: "best" })).toEqual(told[1]);
    send(create);
    expect(send({ cmd: "ask" }).id).toBe(0);
  });

  test("maximises, and counts only feasible trials that are complete", () => {
    const send = talk({ ...create, direction: "maximize", constraints: 2 });
    const tell = (more: object): Reply => send({ cmd: "tell", id: send({ cmd: "ask" }).id, ...more });
    tell({ value: 5, constraints: [0, -1] });
    tell({ value: 9, constraints: [0.1, -1] });
    tell({ state: "pruned", value: 99 });
    expect(send({ cmd: "best" })).toMatchObject({ id: 0, value: 5 });
    const { id } = send({ cmd: "ask" });
    expect(send({ cmd: "tell", id, value: 1 }).error.code).toBe("invalid_command");
    expect(send({ cmd: "tell", id, value: 7, constraints: [0, 0] })).toEqual({ ok: true });
    expect(send({ cmd: "best" })).toMatchObject({ id: 3, value: 7 });
  });

  test("takes null as absent, in commands, parameters and pruners, and ignores fields that the protocol does not have", () => {
    const told = [{ params: { x: 0.5 }, value: -1 }];
    const nothing = { sampler: null, budget: null, constraints: null, colour: "red", told };
    const space = { x: { kind: "float", low: 0, high: 1, log: null, step: null, when: null } };
    const send = talk({ ...create, ...nothing, space, pruner: { kind: "asha", minSteps: null, maxSteps: 9 } });
    const first = send({ cmd: "ask" });
    expect(first.id).toBe(0);
    expect(talk(create)({ cmd: "ask" })).toEqual(first);
    expect(send({ cmd: "report", id: 0, step: 1, value: null }).error.code).toBe("invalid_command");
    expect(send({ cmd: "tell", id: 0, value: null, state: "failed", constraints: null })).toEqual({ ok: true });
    const { id } = send({ cmd: "ask" });
    send({ cmd: "report", id, step: 3, value: 4 });
    expect(send({ cmd: "tell", id, state: "pruned", value: null })).toEqual({ ok: true });
    expect(send({ cmd: "tell", id: send({ cmd: "ask" }).id, value: 1, state: null })).toEqual({ ok: true });
    expect(send({ cmd: "create", space: { x: null, y: { kind: "bool" } } }).error.code).toBe("invalid_space");
    expect(send({ cmd: "create", space: null }).error.code).toBe("invalid_space");
  });

  test("takes a hundred thousand reports of a trial, however many came before", () => {
    const send = talk({ ...create, pruner: { kind: "median", minSteps: 1, maxSteps: 200_000 } });
    const { id } = send({ cmd: "ask" });
    for (let step = 1; step <= 100_000; step += 1)
      expect(send({ cmd: "report", id, step, value: -step })).toEqual({ stop: false });
    expect(send({ cmd: "report", id, step: 7, value: 0 }).error.code).toBe("invalid_command");
  });

  test("answers what docs/tuning.md says it answers", () => {
    const text = readFileSync(new URL("../../docs/tuning.md", import.meta.url), "utf8");
    const pairs = [...text.matchAll(/^> (\{.*\})\n< (\{.*\})$/gm)];
    expect(pairs.length).toBeGreaterThan(3);
    const answer = converse("1");
    for (const [, command = "", reply] of pairs) expect(answer(command)).toBe(reply);
  });

  test("finds the last configuration of a large space that is left, whatever the sampler would rather see", () => {
    const left = { a: 150, b: 150 };
    const space = { a: { kind: "int", low: 1, high: 150 }, b: { kind: "int", low: 1, high: 150 } } as const;
    const every = Array.from({ length: 150 * 150 - 1 }, (_, at) => ({
      a: 1 + Math.floor(at / 150),
      b: 1 + (at % 150),
    }));
    const study = createOptimiser({ space, sampler: "random", told: every.map((params) => ({ params, value: 1 })) });
    expect(study.ask().params).toEqual(left);
  });

  test("answers an error to each bad command, and nothing changes", () => {
    const answer = converse("1");
    const code = (line: string): string => (JSON.parse(answer(line) ?? "{}") as Reply).error.code;
    expect(code('{"cmd":"ask"}')).toBe("no_study");
    answer(JSON.stringify(create));
    answer('{"cmd":"ask"}');
    expect(code("{nonsense")).toBe("invalid_command");
    expect(code("[1]")).toBe("invalid_command");
    expect(code("null")).toBe("invalid_command");
    expect(code('{"cmd":"dance"}')).toBe("unknown_command");
    expect(code("{}")).toBe("unknown_command");
    expect(code('{"cmd":"tell","id":7,"value":1}')).toBe("unknown_trial");
    expect(code('{"cmd":"tell","id":"0","value":1}')).toBe("unknown_trial");
    expect(code('{"cmd":"tell","value":1}')).toBe("unknown_trial");
    expect(code('{"cmd":"tell","id":0}')).toBe("invalid_command");
    expect(code('{"cmd":"tell","id":0,"value":"1"}')).toBe("invalid_command");
    expect(code('{"cmd":"tell","id":0,"value":1e999}')).toBe("invalid_command");
    expect(code('{"cmd":"tell","id":0,"value":1,"state":"lost"}')).toBe("invalid_command");
    expect(code('{"cmd":"report","id":0,"step":0.5,"value":1}')).toBe("invalid_command");
    expect(code('{"cmd":"create","space":{"x":{"kind":"float","low":1,"high":0}}}')).toBe("invalid_space");
    expect(code('{"cmd":"create","space":{"x":{"kind":"bool"}},"seed":-1}')).toBe("invalid_command");
    expect(code('{"cmd":"create","space":{"x":{"kind":"bool"}},"sampler":"toString"}')).toBe("invalid_command");
    expect(code('{"cmd":"create","space":{"x":{"kind":"bool"}},"sampler":["gp"]}')).toBe("invalid_command");
    expect(code('{"cmd":"create","space":{"x":{"kind":"bool"}},"pruner":{"kind":"axe"}}')).toBe("invalid_command");
    expect(JSON.parse(answer('{"cmd":"tell","id":0,"value":1,"colour":"red"}') ?? "")).toEqual({ ok: true });
    expect(code('{"cmd":"tell","id":0,"value":1}')).toBe("unknown_trial");
    expect(answer('{"cmd":"quit"}')).toBeUndefined();
  });
});
