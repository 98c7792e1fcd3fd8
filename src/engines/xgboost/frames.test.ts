import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { blockFiller } from "./blocks.ts";
import { bytesOf, frameHead, readFrames } from "./frames.ts";

async function read(chunks: readonly Uint8Array[]): Promise<readonly (readonly [unknown, readonly number[]])[]> {
  const stream = new PassThrough();
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  const frames: (readonly [unknown, readonly number[]])[] = [];
  for await (const { header, bytes } of readFrames(stream, (_, length) => new Uint8Array(length)))
    frames.push([header, [...bytes]]);
  return frames;
}

it("reads frames however the pipe cuts them", async () => {
  const whole = Buffer.concat([
    frameHead({ kind: "a" }, 3),
    Uint8Array.of(1, 2, 3),
    frameHead({ kind: "é" }, 0),
    frameHead({ kind: "c" }, 1),
    Uint8Array.of(9),
  ]);
  const expected = [
    [{ kind: "a" }, [1, 2, 3]],
    [{ kind: "é" }, []],
    [{ kind: "c" }, [9]],
  ];
  expect(await read([whole])).toEqual(expected);
  expect(await read([...whole].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  for (const end of [3, 10, whole.length - 1])
    await expect(read([whole.subarray(0, end)])).rejects.toThrow("inside a frame");
});

it("fills blocks of a fixed number of rows", () => {
  const filler = blockFiller(2, 3, 1);
  const put = (cells: readonly number[], labels: readonly number[]): void => {
    filler.matrix(labels.length).set(bytesOf(Float32Array.from(cells)));
    filler.column(0, labels.length).set(bytesOf(Float32Array.from(labels)));
  };
  put([1, 1, 2, 2], [1, 2]);
  put([3, 3], [3]);
  put([4, 4], [4]);
  const blocks = filler.finish();
  const all = Array.from({ length: blocks.count }, (_, place) => {
    const { matrix, columns } = blocks.at(place);
    return [[...matrix], ...columns.map((each) => [...each])];
  });
  expect(all).toEqual([
    [
      [1, 1, 2, 2, 3, 3],
      [1, 2, 3],
    ],
    [[4, 4], [4]],
  ]);
});
