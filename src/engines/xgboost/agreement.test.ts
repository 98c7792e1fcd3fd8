import { expect, it } from "vitest";
import { agreedModel, type MadeModel } from "./agreement.ts";

const made = (hash: string): MadeModel => ({
  header: {
    kind: "model",
    version: "3.4.1",
    hash,
    bestRound: 3,
    importance: [],
    use: { cpuSeconds: 2, peakMemory: 100 },
  },
  artifact: new Uint8Array(1),
});

it("keeps a model that all workers came to, with what all of them used", () => {
  expect(agreedModel([made("a"), made("a"), made("a")]).header.use).toEqual({ cpuSeconds: 6, peakMemory: 300 });
});

it("keeps none where one came to another, and says which", () => {
  expect(() => agreedModel([made("a"), made("a"), made("b")])).toThrow(
    expect.objectContaining({ code: "TRAINER_FAILED", message: expect.stringContaining("Worker 3 of 3") as string }),
  );
});
