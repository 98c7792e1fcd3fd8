// An answer of thousands of values, written as the bytes that go over the wire: strings would be made, joined, flattened and encoded, which
// takes several times as long. One room serves one answer after the other, because each is written without a pause and copied out at its end.

const SMALLEST = 64 * 1024;
/** A room that one large answer made is not kept. */
const LARGEST_KEPT = 4 * 1024 * 1024;
const ZERO = 48;
const DOT = 46;
const MINUS = 45;
const BILLION = 1e9;

/** Writes one answer's bytes after the other. */
export class AnswerBytes {
  private bytes: Buffer;
  /** How many bytes are written. */
  length = 0;

  constructor(size = SMALLEST) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** Writes one character of ASCII. */
  character(code: number): void {
    this.reserve(1);
    this.bytes[this.length] = code;
    this.length += 1;
  }

  /** Writes text as it is. */
  text(text: string): void {
    const { length } = text;
    this.reserve(length * 3);
    const { bytes } = this;
    let at = this.length;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 127) {
        this.length += bytes.write(text, this.length);
        return;
      }
      bytes[at] = code;
      at += 1;
    }
    this.length = at;
  }

  /** Writes bytes that are text already. */
  raw(text: Uint8Array): void {
    this.reserve(text.length);
    this.bytes.set(text, this.length);
    this.length += text.length;
  }

  /** Writes again what was written from `start` up to, not including, `end`. */
  again(start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.copyWithin(this.length, start, end);
    this.length += end - start;
  }

  /** Writes a whole number of up to 2^53. */
  whole(value: number): void {
    this.reserve(17);
    let rest = value;
    if (value < 0) {
      this.bytes[this.length] = MINUS;
      this.length += 1;
      rest = -value;
    }
    if (rest < BILLION) this.digits(rest | 0, digitCount(rest));
    else {
      const head = Math.floor(rest / BILLION);
      this.digits(head, digitCount(head));
      this.digits((rest - head * BILLION) | 0, 9);
    }
  }

  /** Writes `count` digits of a number below 10^9, with zeros in front; there has to be room. */
  private digits(value: number, count: number): void {
    const { bytes } = this;
    let rest = value;
    for (let at = this.length + count - 1; at >= this.length; at -= 1) {
      const tens = (rest / 10) | 0;
      bytes[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.length += count;
  }

  /** Writes `millionths` below 10^6 as the fraction of a number, without zeros at its end; nothing when it is 0. */
  fraction(millionths: number): void {
    if (millionths === 0) return;
    this.reserve(7);
    this.bytes[this.length] = DOT;
    this.length += 1;
    this.digits(millionths, 6);
    while (this.bytes[this.length - 1] === ZERO) this.length -= 1;
  }

  /** What was written, as a copy of its own; the next answer begins. */
  taken(): Buffer {
    const answer = Buffer.from(this.bytes.subarray(0, this.length));
    this.length = 0;
    if (this.bytes.length > LARGEST_KEPT) this.bytes = Buffer.allocUnsafeSlow(SMALLEST);
    return answer;
  }
}

const room = new AnswerBytes();

/** Has one answer written, and gives its bytes. */
export function answerBytes(write: (out: AnswerBytes) => void): Buffer {
  // What an answer that failed has left behind is no part of the next.
  room.length = 0;
  write(room);
  return room.taken();
}

function digitCount(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit && count < 10; limit *= 10) count += 1;
  return count;
}
