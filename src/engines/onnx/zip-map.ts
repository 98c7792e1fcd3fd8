// Converters of scikit-learn end a classifier with ZipMap, which turns a tensor of probabilities into a list of maps, one a row. Maps have no
// form in any inference protocol, so the tensor itself is given: the ZipMap becomes an Identity, and the output a tensor of floats. The columns
// stand in the order of the classes, which is the order of the map's keys.

import { wireField, wireFields, wireNumber } from "./wire.ts";

const text = new TextDecoder();
const FLOAT = 1;

/** A model whose ZipMap outputs are tensors; the same bytes when it has none. The bytes are known to be a model. */
export function withoutZipMaps(model: Uint8Array): Uint8Array {
  const zipped = new Set<string>();
  for (const { number, content } of wireFields(model))
    if (number === 7)
      for (const node of wireFields(content))
        if (node.number === 1 && isZipMap(node.content)) zipped.add(textOf(node.content, 2));
  if (zipped.size === 0) return model;
  return rewritten(model, (field) =>
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
