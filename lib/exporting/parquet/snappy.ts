import { varintBytes, writeVarint } from '../../codec/bytes/varint.js';

/** Each piece of this size is compressed alone, so that offsets fit two bytes. */
const PIECE_BYTES = 2 ** 16;

const HASH_BITS = 14;
/** As in the reference implementation. */
const HASH_FACTOR = 0x1e35a7bd;

/** Before the end of a piece, four bytes are loaded from any place without a check. */
const MARGIN_BYTES = 15;

const LEAST_MATCH = 4;

/** Up to this length a loop copies faster than a call into C++. */
const SHORT_BYTES = 32;

/** After 32 places without a match, every second one is tried, and so on: noise costs little. */
const SKIP_BITS = 5;

/** Where each hash was seen last in the current piece. */
const seen = new Uint16Array(2 ** HASH_BITS);

/**
 * Compresses as the format description of Snappy says (without its framing), which Parquet uses.
 * Takes 0.3 to 0.45 of the CPU of hyparquet-writer's own Snappy, which appends byte by byte.
 */
export function compressSnappy(input: Uint8Array): Buffer {
  const output = new SnappyOutput(input);
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  for (let start = 0; start < input.length; start += PIECE_BYTES) {
    compressPiece(view, start, Math.min(start + PIECE_BYTES, input.length), output);
  }
  return output.finish();
}

function compressPiece(view: DataView, start: number, end: number, output: SnappyOutput): void {
  let literalStart = start;
  if (end - start > MARGIN_BYTES) {
    seen.fill(0);
    const limit = end - MARGIN_BYTES;
    let at = start + 1;
    let tries = 2 ** SKIP_BITS;
    while (at < limit) {
      const word = view.getInt32(at, true);
      const slot = Math.imul(word, HASH_FACTOR) >>> (32 - HASH_BITS);
      const candidate = start + (seen[slot] as number);
      seen[slot] = at - start;
      // A free slot has the first place, which is a candidate like any other.
      if (view.getInt32(candidate, true) !== word) {
        at += tries++ >>> SKIP_BITS;
        continue;
      }
      tries = 2 ** SKIP_BITS;
      const matchEnd = endOfMatch(view, candidate + LEAST_MATCH, at + LEAST_MATCH, end);
      output.literal(literalStart, at);
      output.copy(at - candidate, matchEnd - at);
      at = matchEnd;
      literalStart = matchEnd;
      if (at >= limit) break;
      // What ends the match may begin the next one.
      const before = Math.imul(view.getInt32(at - 1, true), HASH_FACTOR) >>> (32 - HASH_BITS);
      seen[before] = at - 1 - start;
    }
  }
  output.literal(literalStart, end);
}

/** Where the bytes at `at` stop to be those at `other`, which is before. */
function endOfMatch(view: DataView, other: number, at: number, end: number): number {
  let [left, right] = [other, at];
  while (right + LEAST_MATCH <= end && view.getInt32(left, true) === view.getInt32(right, true)) {
    left += LEAST_MATCH;
    right += LEAST_MATCH;
  }
  while (right < end && view.getUint8(left) === view.getUint8(right)) {
    left++;
    right++;
  }
  return right;
}

/** The elements of compressed data: literals and copies. */
class SnappyOutput {
  readonly #input: Buffer;
  readonly #bytes: Buffer;
  #length: number;

  constructor(input: Uint8Array) {
    const { buffer, byteLength, byteOffset } = input;
    this.#input = Buffer.from(buffer, byteOffset, byteLength);
    // The bound of the reference implementation's `MaxCompressedLength`.
    const most = 32 + byteLength + Math.ceil(byteLength / 6);
    this.#bytes = Buffer.allocUnsafe(varintBytes(byteLength) + most);
    this.#length = writeVarint(this.#bytes, 0, byteLength);
  }

  /** Emits the bytes of the input from `from` up to `to`. */
  literal(from: number, to: number): void {
    const count = to - from;
    if (count === 0) return;
    const bytes = this.#bytes;
    let end = this.#length;
    const stated = count - 1;
    if (stated < 60) {
      bytes[end++] = stated << 2;
    } else if (stated < 0x100) {
      bytes[end++] = 60 << 2;
      bytes[end++] = stated;
    } else {
      // A piece has 2^16 bytes at most.
      bytes[end++] = 61 << 2;
      bytes[end++] = stated;
      bytes[end++] = stated >>> 8;
    }
    if (count <= SHORT_BYTES) {
      const input = this.#input;
      for (let i = from; i < to; i++) bytes[end++] = input[i] as number;
    } else {
      end += this.#input.copy(bytes, end, from, to);
    }
    this.#length = end;
  }

  /** Emits `count` bytes, 4 or more, that are `offset` bytes before. */
  copy(offset: number, count: number): void {
    const bytes = this.#bytes;
    let end = this.#length;
    let left = count;
    // The last copy must have 4 bytes or more.
    while (left > 0) {
      const length = left >= 68 ? 64 : left > 64 ? 60 : left;
      if (length < 12 && offset < 2048) {
        bytes[end++] = 1 | ((length - 4) << 2) | ((offset >>> 8) << 5);
        bytes[end++] = offset;
      } else {
        bytes[end++] = 2 | ((length - 1) << 2);
        bytes[end++] = offset;
        bytes[end++] = offset >>> 8;
      }
      left -= length;
    }
    this.#length = end;
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
