import { VarintReader } from '../bytes/varint-reader.js';
import type { Metadata, MetadataLayout, RawPair } from '../records/archive-record.js';
import { MetadataDecoder } from './metadata-decoder.js';

/** All blocks share one decoder, because the blocks of a series have similar metadata. */
const decoder = new MetadataDecoder();

/**
 * The metadata of the records of one version-2 block: key index, value length, value. `openBlock`
 * has checked them.
 */
export class BlockLayout implements MetadataLayout {
  readonly rawKeys: readonly Buffer[];
  /** The same keys as text. */
  readonly keys: readonly string[];

  /** @param rawKeys the key table. Not views on the block: a copied record must not keep that. */
  constructor(rawKeys: readonly Buffer[]) {
    this.rawKeys = rawKeys;
    this.keys = rawKeys.map((key) => key.toString('utf8'));
  }

  decode(bytes: Buffer, start: number, end: number): Metadata {
    return decoder.decode(this.keys, bytes, start, end);
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
