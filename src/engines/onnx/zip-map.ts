// Converters of scikit-learn end a classifier with ZipMap, which turns a tensor of probabilities into a list of maps, one a row. Maps have no
// form in any inference protocol, so the tensor itself is given: the ZipMap becomes an Identity, and the output a tensor of floats. The columns
// stand in the order of the classes, which is the order of the map's keys.

import { wireField, wireFields, wireNumber } from "./wire.ts";

const text = new TextDecoder();
const FLOAT = 1;

/** A model without ZipMaps, and the classes of each output that was one. */
export interface Unzipped {
  readonly model: Uint8Array;
  readonly classes: ReadonlyMap<string, readonly string[]>;
}

/** A model whose ZipMap outputs are tensors; the same bytes when it has none. The bytes are known to be a model. */
export function withoutZipMaps(model: Uint8Array): Unzipped {
  const zipped = new Map<string, readonly string[]>();
  for (const { number, content } of wireFields(model))
    if (number === 7)
      for (const node of wireFields(content))
        if (node.number === 1 && isZipMap(node.content)) zipped.set(textOf(node.content, 2), classesOf(node.content));
  if (zipped.size === 0) return { model, classes: zipped };
  const plain = rewritten(model, (field) =>
    field.number === 7
      ? wireField(
          7,
          rewritten(field.content, ({ number, content }) => {
            if (number === 1 && isZipMap(content)) return wireField(1, identity(content));
            if (number === 12 && zipped.has(textOf(content, 1))) return wireField(12, floats(textOf(content, 1)));
            return undefined;
          }),
        )
      : undefined,
  );
  return { model: plain, classes: zipped };
}

/** The keys of a ZipMap's maps: AttributeProto's strings (9) or ints (8), one a field or packed. */
function classesOf(node: Uint8Array): readonly string[] {
  const names: string[] = [];
  for (const attribute of wireFields(node))
    if (attribute.number === 5 && /^classlabels_/.test(textOf(attribute.content, 1)))
      for (const { number, content, whole } of wireFields(attribute.content))
        if (number === 9) names.push(text.decode(content));
        else if (number === 8)
          names.push(...(content.length > 0 ? int64s(content) : int64s(whole).slice(1)).map((each) => String(each)));
  return names;
}

/** Varints one after another, as int64: a double would not tell -1 from -2. */
function int64s(bytes: Uint8Array): readonly bigint[] {
  const found: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte >= 0x80) continue;
    found.push(BigInt.asIntN(64, value));
    value = 0n;
    shift = 0n;
  }
  return found;
}

function rewritten(
  message: Uint8Array,
  change: (field: { readonly number: number; readonly content: Uint8Array }) => Uint8Array | undefined,
): Uint8Array {
  return Buffer.concat([...wireFields(message)].map((field) => change(field) ?? field.whole));
}

function isZipMap(node: Uint8Array): boolean {
  return textOf(node, 4) === "ZipMap" && textOf(node, 7) === "ai.onnx.ml";
}

/** The first text under a field's number; empty when there is none. */
function textOf(message: Uint8Array, number: number): string {
  for (const field of wireFields(message)) if (field.number === number) return text.decode(field.content);
  return "";
}

/** NodeProto: input 1, output 2, op_type 4. */
function identity(zipMap: Uint8Array): Uint8Array {
  return Buffer.concat([wireField(1, textOf(zipMap, 1)), wireField(2, textOf(zipMap, 2)), wireField(4, "Identity")]);
}

/** ValueInfoProto: a tensor of floats of any shape. */
function floats(name: string): Uint8Array {
  const tensor = wireNumber(1, FLOAT);
  return Buffer.concat([wireField(1, name), wireField(2, wireField(1, tensor))]);
}
