import { VarintReader } from '../bytes/varint-reader.js';
import type { Metadata } from '../records/archive-record.js';

/** Longer metadata seldom repeat, because they usually include an id. */
const MOST_REMEMBERED_BYTES = 64;

/** Values of longer metadata are not substrings of one text: keeping one would keep all. */
const MOST_SHARED_BYTES = 256;

/** The keys of a block with more are not kept in memory for metadata that may repeat. */
const MOST_REMEMBERED_KEYS = 256;

/** The cache has 2^12 slots. */
const SLOT_BITS = 12;

interface Remembered {
  readonly metadata: Metadata;
  /** The keys of their block. */
  readonly keys: readonly string[];
  /** The encoded bytes, as Latin-1. */
  readonly bytes: string;
}

/**
 * Decodes the metadata of version-2 records: key index, value length, value. It caches short
 * metadata that occur twice and returns the same object for equal bytes. If most metadata repeat,
 * reading small records takes a third less time.
 */
export class MetadataDecoder {
  readonly #remembered: (Remembered | undefined)[] = new Array(2 ** SLOT_BITS);
  /** The hash that missed each slot last. Metadata that occur only once are not cached. */
  readonly #missed = new Int32Array(2 ** SLOT_BITS);

  /**
   * @param keys by index; blocks with equal keys must pass the same array
   * @returns a frozen object that records may share
   */
  decode(keys: readonly string[], bytes: Buffer, start: number, end: number): Metadata {
    if (end - start > MOST_REMEMBERED_BYTES) return decodePairs(keys, bytes, start, end);
    const hash = hashOfBytes(bytes, start, end);
    const slot = hash >>> (32 - SLOT_BITS);
    const known = this.#remembered[slot];
    if (known?.keys === keys && isSame(known.bytes, bytes, start, end)) return known.metadata;
    const metadata = decodePairs(keys, bytes, start, end);
    if (this.#missed[slot] === hash && keys.length <= MOST_REMEMBERED_KEYS) {
      this.#remembered[slot] = { metadata, keys, bytes: bytes.toString('latin1', start, end) };
    } else {
      this.#missed[slot] = hash;
    }
    return metadata;
  }
}

function isSame(known: string, bytes: Uint8Array, start: number, end: number): boolean {
  const { length } = known;
  if (length !== end - start) return false;
  for (let i = 0; i < length; i++) if (known.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

/** An object without a prototype and with fast properties; V8 copies it fast. */
const EMPTY: object = Object.setPrototypeOf({}, null);

function decodePairs(keys: readonly string[], bytes: Buffer, start: number, end: number): Metadata {
  // Object.create(null) would make a hash table. Setting the prototype of each object takes at least
  // three times as long: on Node 24, small records whose metadata differ take a third more time.
  // TypeScript takes `__proto__` for a key.
  const metadata = { ...EMPTY, __proto__: null } as object as Record<string, string>;
  // If the text has one unit per byte, values are substrings: decoding four takes a quarter less
  // time.
  const text = end - start > MOST_SHARED_BYTES ? '' : bytes.toString('utf8', start, end);
  const isUnitEachByte = text.length === end - start;
  const reader = new VarintReader(bytes);
  reader.position = start;
  while (reader.position < end) {
    const key = keys[reader.readUnsigned()] as string;
    const length = reader.readUnsigned();
    const valueStart = reader.position;
    reader.position += length;
    metadata[key] = isUnitEachByte
      ? text.substring(valueStart - start, reader.position - start)
      : bytes.toString('utf8', valueStart, reader.position);
  }
  return Object.freeze(metadata);
}

/** The prime of 32-bit FNV-1a (RFC 9923). */
const FNV_PRIME = 0x01000193;

/** 2^32 over the golden ratio: the high bits of a product depend on all bits of its factor. */
const GOLDEN = 0x9e3779b1;

/** A signed 32-bit hash. Its high bits are the best distributed. */
export function hashOfBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), FNV_PRIME);
  return Math.imul(hash, GOLDEN);
}
