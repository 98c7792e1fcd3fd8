import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Admission, type AdmissionLimits, openAdmission } from "./admission.ts";

/** Work that ends when it is told to. */
interface Held {
  readonly work: () => Promise<string>;
  readonly begun: () => number;
  readonly finish: () => void;
}

function held(): Held {
  let begun = 0;
  const ends: (() => void)[] = [];
  return {
    work: () => {
      begun += 1;
      return new Promise((resolve) => ends.push(() => resolve("done")));
    },
    begun: () => begun,
    finish: () => ends.shift()?.(),
  };
}

let now = 0;
const opened = (limits: AdmissionLimits): Admission => openAdmission(["a", "b"], limits, () => now);
const stateOf = (admission: Admission, model: string): unknown =>
  admission.states().find((state) => state.model === model);
async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

describe("room", () => {
  it("begins where it stands while there is room", () => {
    const { work, begun } = held();
    const admission = opened({ concurrency: 2 });
    void admission.run("a", {}, work);
    void admission.run("a", {}, work);
    expect(begun()).toBe(2);
  });

  it("has so many under way, so many waiting, and turns the next away with when to ask again", async () => {
    const { work, begun, finish } = held();
    const admission = opened({ concurrency: 1, queue: 2 });
    const answers = [1, 2, 3].map(() => admission.run("a", {}, work));
    await expect(admission.run("a", {}, work)).rejects.toMatchObject({
      code: "OVERLOADED",
      details: { model: "a", running: 1, waiting: 2, retry_after_seconds: 1 },
    });
    // Of another model nothing is under way.
    void admission.run("b", {}, async () => "b");
    for (let place = 1; place <= 3; place += 1) {
      await turns();
      expect(begun()).toBe(place);
      finish();
    }
    expect(await Promise.all(answers)).toEqual(["done", "done", "done"]);
    expect(stateOf(admission, "a")).toEqual({
      model: "a",
      running: 0,
      waiting: 0,
      rejected: 1,
      expired: 0,
      abandoned: 0,
    });
  });

  it("counts names that nobody told it of as one", async () => {
    const admission = opened({ concurrency: 1, queue: 0 });
    for (const name of ["x", "y"]) {
      void admission.run(name, {}, held().work);
      await expect(admission.run(name, {}, held().work)).rejects.toMatchObject({ code: "OVERLOADED" });
    }
    expect(admission.states().map(({ model }) => model)).toEqual(["a", "b", "(others)"]);
    expect(stateOf(admission, "(others)")).toMatchObject({ running: 2, rejected: 2 });
  });

  it("answers everybody and keeps to its room, whoever comes while the last one that waited is begun", async () => {
    const { work, begun, finish } = held();
    const admission = opened({ concurrency: 1 });
    const answers = [1, 2].map(() => admission.run("a", {}, work));
    finish();
    await turns();
    // The second is under way, and nothing else waits.
    answers.push(...[3, 4].map(() => admission.run("a", {}, work)));
    await turns();
    expect([begun(), stateOf(admission, "a")]).toMatchObject([2, { running: 1, waiting: 2 }]);
    for (let place = 2; place <= 4; place += 1) {
      finish();
      await turns();
    }
    expect(await Promise.all(answers)).toHaveLength(4);
    expect(stateOf(admission, "a")).toMatchObject({ running: 0, waiting: 0 });
  });

  it("gives its place back when work throws, also at once", async () => {
    const admission = opened({ concurrency: 1, queue: 0 });
    const fails = async (): Promise<never> => {
      throw new Error("no");
    };
    for (let time = 0; time < 3; time += 1) await expect(admission.run("a", {}, fails)).rejects.toThrow("no");
    expect(await admission.run("a", {}, async () => "yes")).toBe("yes");
  });
});

describe("deadlines", () => {
  it("drops what has not begun by its deadline, while it waits", async () => {
    now = 0;
    const { work, begun } = held();
    const admission = opened({ concurrency: 1 });
    void admission.run("a", {}, work);
    await expect(admission.run("a", { timeoutMs: 5 }, work)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(begun()).toBe(1);
    expect(stateOf(admission, "a")).toMatchObject({ waiting: 0, expired: 1 });
  });

  it("does not begin what is late when its turn comes, and goes on with the next", async () => {
    now = 0;
    const { work, begun, finish } = held();
    const admission = opened({ concurrency: 1, timeoutMs: 3_600_000 });
    const first = admission.run("a", {}, work);
    const late = admission.run("a", { timeoutMs: 3_000_000 }, work);
    const next = admission.run("a", {}, async () => "next");
    now = 3_000_001;
    finish();
    await first;
    await expect(late).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(await next).toBe("next");
    expect(begun()).toBe(1);
  });

  it("counts from when a request began to arrive, and holds it to a limit that it only says later", async () => {
    now = 100;
    const admission = opened({});
    const work = async (): Promise<string> => "done";
    await expect(admission.run("a", { sinceMs: 20, timeoutMs: 20 }, work)).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
    const said = admission.run("a", { sinceMs: 20 }, async (turn) => {
      turn.check(21);
      turn.check(20);
    });
    await expect(said).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(stateOf(admission, "a")).toMatchObject({ expired: 2 });
  });

  it("drops what nobody waits for any more", async () => {
    const { work, begun, finish } = held();
    const admission = opened({ concurrency: 1 });
    const first = admission.run("a", {}, work);
    const gone = admission.run("a", { isGone: () => true }, work);
    finish();
    await first;
    await expect(gone).rejects.toMatchObject({ code: "CANCELLED" });
    expect(begun()).toBe(1);
    expect(stateOf(admission, "a")).toMatchObject({ abandoned: 1, expired: 0 });
  });
});

it("has places for others when those who wait have gone, or are late", async () => {
  now = 0;
  const { work, finish } = held();
  const admission = opened({ concurrency: 1, queue: 2 });
  let isGone = false;
  const first = admission.run("a", {}, work);
  const gone = admission.run("a", { isGone: () => isGone }, work);
  const late = admission.run("a", { timeoutMs: 3_000_000 }, work);
  await expect(admission.run("a", {}, work)).rejects.toMatchObject({ code: "OVERLOADED" });
  isGone = true;
  now = 3_000_001;
  const next = [1, 2].map(() => admission.run("a", {}, async () => "next"));
  await expect(gone).rejects.toMatchObject({ code: "CANCELLED" });
  await expect(late).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  finish();
  expect([await first, ...(await Promise.all(next))]).toEqual(["done", "next", "next"]);
});

describe("fairness", () => {
  it("begins only so much in a turn of the event loop, and the rest in the next ones", async () => {
    now = 0;
    const begunIn: number[] = [];
    let turn = 0;
    let isOver = false;
    const counting = (async () => {
      for (; !isOver; turn += 1) await nextTurn();
    })();
    const admission = opened({});
    const long = async (): Promise<void> => {
      now += 6;
    };
    const short = async (): Promise<void> => {
      // What comes after a few microtasks belongs to the turn too.
      for (let hop = 0; hop < 10; hop += 1) await undefined;
      now += 2;
      begunIn.push(turn);
    };
    await Promise.all([
      admission.run("a", {}, long),
      ...Array.from({ length: 30 }, () => admission.run("a", {}, short)),
    ]);
    isOver = true;
    await counting;
    const counts = [...new Set(begunIn)].map((each) => begunIn.filter((other) => other === each).length);
    // Three times 2 ms are past the 5 ms that a turn has.
    expect(counts).toEqual(Array.from({ length: 10 }, () => 3));
  });

  it("lets a model that is asked for little pass one that is asked for most", async () => {
    now = 0;
    const order: string[] = [];
    const admission = opened({ concurrency: 1 });
    const work = (name: string) => async (): Promise<void> => {
      await undefined;
      now += 6;
      order.push(name);
    };
    const hot = Array.from({ length: 20 }, () => admission.run("a", {}, work("a")));
    await turns(4);
    const cold = Array.from({ length: 3 }, () => admission.run("b", {}, work("b")));
    await Promise.all(cold);
    const since = order.length;
    expect(since).toBeLessThan(16);
    await Promise.all(hot);
    expect(order.filter((name) => name === "a")).toHaveLength(20);
  });
});
