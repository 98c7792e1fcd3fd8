// The protobuf wire format, as far as looking through a model needs it: fields one after another, each with the bytes it covers. Nothing is
// copied, and a length that leads out of its message is refused, so a walk never costs more than the bytes themselves.

/** One field of a message. */
export interface WireField {
  readonly number: number;
  /** A varint's value; 0 for other kinds. */
  readonly value: number;
  /** The content of a length-delimited field; empty for other kinds. */
  readonly content: Uint8Array;
  /** The field with its tag, as it lies in the message. */
  readonly whole: Uint8Array;
}

/** The fields of a message, in order. Throws a SyntaxError when the bytes are none. */
export function* wireFields(message: Uint8Array): Generator<WireField> {
  let place = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[place];
      if (byte === undefined) throw new SyntaxError("the bytes end inside a number");
      place += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new SyntaxError("a number is too long");
  };
  while (place < message.length) {
    const start = place;
    const tag = varint();
    const number = Math.floor(tag / 8);
    let value = 0;
    let content = message.subarray(0, 0);
    const take = (length: number): Uint8Array => {
      if (length > message.length - place) throw new SyntaxError("a length leads past the end");
      place += length;
      return message.subarray(place - length, place);
    };
    if (number === 0) throw new SyntaxError("a field has the number 0");
    if (tag % 8 === 0) value = varint();
    else if (tag % 8 === 1) take(8);
    else if (tag % 8 === 2) content = take(varint());
    else if (tag % 8 === 5) take(4);
    else throw new SyntaxError(`a field has the unknown kind ${tag % 8}`);
    yield { number, value, content, whole: message.subarray(start, place) };
  }
}

/** A length-delimited field. */
export function wireField(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([varintBytes(number * 8 + 2), varintBytes(bytes.length), bytes]);
}

/** A varint field. */
export function wireNumber(number: number, value: number): Uint8Array {
  return Buffer.concat([varintBytes(number * 8), varintBytes(value)]);
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
