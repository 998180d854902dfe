// A compressor of Snappy's format without framing (format_description.txt of google/snappy) in
// AssemblyScript, which `npm run wasm` compiles into lib/exporting/parquet/snappy-code.ts. It is the
// algorithm of the reference implementation, and takes a sixth of the CPU of the same loops in
// JavaScript.
//
// lib/exporting/parquet/snappy.ts lays out the memory. It leaves room after the input and after the
// output, because both are loaded and stored by up to 64 bytes at a time.

/** Each piece of this size is compressed alone, so that offsets fit two bytes. */
const PIECE_BYTES: usize = 65536;

const HASH_BITS: u32 = 14;
/** As in the reference implementation. */
const HASH_FACTOR: u32 = 0x1e35a7bd;

/** Where each hash was seen last in the current piece: an u16 each. Nothing else is before `INPUT`. */
const SEEN: usize = 1024;
const SEEN_BYTES: usize = 2 << HASH_BITS;

/** Before the end of a piece, four bytes are loaded from any place without a check. */
const MARGIN_BYTES: usize = 15;

const LEAST_MATCH: usize = 4;

/** After 32 places without a match, every second one is tried, and so on: noise costs little. */
const SKIP_BITS: u32 = 5;

/** Where the output ends so far. */
let output: usize = 0;

/**
 * Compresses `count` bytes from `start` on to `to`, where the bound of the reference
 * implementation's `MaxCompressedLength` must fit.
 *
 * @returns where the output ends
 */
export function compress(start: usize, count: usize, to: usize): usize {
  output = to;
  let length = <u32>count;
  for (; length >= 0x80; length >>>= 7) store<u8>(output++, length | 0x80);
  store<u8>(output++, length);
  const end = start + count;
  for (let piece = start; piece < end; piece += PIECE_BYTES) {
    compressPiece(piece, min(piece + PIECE_BYTES, end));
  }
  return output;
}

function compressPiece(start: usize, end: usize): void {
  let literalStart = start;
  if (end - start > MARGIN_BYTES) {
    memory.fill(SEEN, 0, SEEN_BYTES);
    const limit = end - MARGIN_BYTES;
    let at = start + 1;
    let tries: u32 = 1 << SKIP_BITS;
    while (at < limit) {
      const word = load<u32>(at);
      const slot = slotOf(word);
      const candidate = start + <usize>load<u16>(slot);
      store<u16>(slot, <u32>(at - start));
      // A free slot has the first place, which is a candidate like any other.
      if (load<u32>(candidate) != word) {
        at += tries++ >>> SKIP_BITS;
        continue;
      }
      tries = 1 << SKIP_BITS;
      const matchEnd = endOfMatch(candidate + LEAST_MATCH, at + LEAST_MATCH, end);
      if (literalStart < at) literal(literalStart, at);
      copy(<u32>(at - candidate), <u32>(matchEnd - at));
      at = matchEnd;
      literalStart = matchEnd;
      // What ends the match may begin the next one.
      if (at < limit) store<u16>(slotOf(load<u32>(at - 1)), <u32>(at - 1 - start));
    }
  }
  if (literalStart < end) literal(literalStart, end);
}

@inline
function slotOf(word: u32): usize {
  return SEEN + (<usize>((word * HASH_FACTOR) >>> (32 - HASH_BITS)) << 1);
}

/** Where the bytes at `at` stop to be those at `other`, which is before. */
@inline
function endOfMatch(other: usize, at: usize, end: usize): usize {
  while (at + 8 <= end) {
    const difference = load<u64>(other) ^ load<u64>(at);
    if (difference != 0) return at + <usize>(ctz(difference) >>> 3);
    other += 8;
    at += 8;
  }
  while (at < end && load<u8>(other) == load<u8>(at)) {
    other++;
    at++;
  }
  return at;
}

/** Emits the bytes of the input from `from` up to `to`: one or more. */
@inline
function literal(from: usize, to: usize): void {
  const count = to - from;
  const stated = <u32>(count - 1);
  if (stated < 60) {
    store<u8>(output, stated << 2);
    output += 1;
  } else if (stated < 0x100) {
    store<u8>(output, 60 << 2);
    store<u8>(output, stated, 1);
    output += 2;
  } else {
    // A piece has 2^16 bytes at most.
    store<u8>(output, 61 << 2);
    store<u16>(output, stated, 1);
    output += 3;
  }
  // What follows overwrites what is too much.
  v128.store(output, v128.load(from));
  if (count > 16) {
    if (count <= 64) {
      v128.store(output, v128.load(from, 16), 16);
      v128.store(output, v128.load(from, 32), 32);
      v128.store(output, v128.load(from, 48), 48);
    } else {
      memory.copy(output, from, count);
    }
  }
  output += count;
}

/** Emits `count` bytes, 4 or more, that are `offset` bytes before. The last copy has 4 or more. */
@inline
function copy(offset: u32, count: u32): void {
  for (; count >= 68; count -= 64) longCopy(offset, 64);
  if (count > 64) {
    longCopy(offset, 60);
    count -= 60;
  }
  if (count >= 12 || offset >= 2048) {
    longCopy(offset, count);
    return;
  }
  store<u8>(output, 1 | ((count - 4) << 2) | ((offset >>> 8) << 5));
  store<u8>(output, offset, 1);
  output += 2;
}

@inline
function longCopy(offset: u32, count: u32): void {
  store<u8>(output, 2 | ((count - 1) << 2));
  store<u16>(output, offset, 1);
  output += 3;
}
