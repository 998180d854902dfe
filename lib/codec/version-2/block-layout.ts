import { VarintReader } from '../bytes/varint-reader.js';
import type { Metadata, MetadataLayout, RawPair } from '../records/archive-record.js';
import { MetadataDecoder } from './metadata-decoder.js';

/** One for all: what is in metadata is much the same in every block of a series. */
const decoder = new MetadataDecoder();

/**
 * Metadata as the records of one version-2 block have it: key index, value length, value. It was
 * checked when the block was opened.
 */
export class BlockLayout implements MetadataLayout {
  readonly rawKeys: readonly Buffer[];
  readonly #keys: readonly string[];

  /** @param rawKeys the key table; not views on the block, which a copied record lets go */
  constructor(rawKeys: readonly Buffer[]) {
    this.rawKeys = rawKeys;
    this.#keys = rawKeys.map((key) => key.toString('utf8'));
  }

  decode(bytes: Buffer, start: number, end: number): Metadata {
    return decoder.decode(this.#keys, bytes, start, end);
  }

  pairs(bytes: Buffer, start: number, end: number): RawPair[] {
    const pairs: RawPair[] = [];
    const reader = new VarintReader(bytes);
    reader.position = start;
    while (reader.position < end) {
      const key = this.rawKeys[reader.readUnsigned()] as Buffer;
      const valueEnd = reader.readUnsigned() + reader.position;
      pairs.push([key, bytes.subarray(reader.position, valueEnd)]);
      reader.position = valueEnd;
    }
    return pairs;
  }
}
