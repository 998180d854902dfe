import { createHash } from 'node:crypto';

import { ArchiveDecoder } from '../../lib/codec/archive-decoder.js';
import type { ArchiveDecoderOptions } from '../../lib/codec/frames/kind-decoder.js';
import type { SkippedDamage } from '../../lib/codec/frames/skipped-damage.js';
import { MetadataIndexBuilder } from '../../lib/codec/metadata-index/metadata-index-builder.js';
import type { RecordFields } from '../../lib/codec/records/record-input.js';
import { encodeIndexFrame } from '../../lib/codec/version-2/archive-index.js';
import type { BlockFacts } from '../../lib/codec/version-2/block-builder.js';
import { IndexBuilder } from '../../lib/codec/version-2/index-builder.js';
import { expectedOf } from './arbitrary-record.js';
import { plain } from './decode-archive.js';
import { createBlockBuilder, encodeVersion1, NOW_MICROS, WRITER_ID } from './encode-archive.js';

export type PlainRecord = ReturnType<typeof plain>;

/** A frame of a sample, and the records that a reader must read from it. */
export interface SampleFrame {
  readonly begin: number;
  readonly end: number;
  readonly records: readonly PlainRecord[];
}

export interface SampleArchive {
  readonly bytes: Buffer;
  readonly frames: readonly SampleFrame[];
}

export interface SealOptions {
  readonly writerId?: Buffer;
  /** The sequence of the first record. */
  readonly sequence?: number;
  readonly ordinal?: number | undefined;
  /** Whether the index has an ordinal. */
  readonly isOrdinalKnown?: boolean;
  readonly previousSha256?: Uint8Array;
  readonly writerEnded?: boolean;
  /** Without an index, the archive looks like one that is still open. */
  readonly hasIndex?: boolean;
  /** The keys of the metadata index. @default none */
  readonly indexedKeys?: readonly string[];
}

export const OTHER_WRITER_ID = Buffer.from('0b5e55ed5ca1ab1e', 'hex');

/** A version-2 archive with a block for each of `blocks`, and an index. */
export function sealArchive(
  blocks: ReadonlyArray<readonly RecordFields[]>,
  options: SealOptions = {},
): SampleArchive {
  const { writerId = WRITER_ID, sequence = 0, hasIndex = true } = options;
  const facts: BlockFacts[] = [];
  const entries = new IndexBuilder();
  const { indexedKeys = [] } = options;
  const metadata = new MetadataIndexBuilder(indexedKeys.map((key) => Buffer.from(key)));
  const builder = createBlockBuilder({
    ...{ writerId, sequence, blockBytes: 2 ** 20 },
    onBlock: (block, body) => {
      facts.push(block);
      entries.add(block);
      metadata.add(block, body);
    },
  });
  for (const records of blocks) {
    for (const record of records) builder.add(record, NOW_MICROS);
    builder.finishBlock();
  }
  const { nextSequence } = builder;
  const blockBytes = builder.take();
  const metadataFacts = { writerId, nextSequence, archiveBytes: blockBytes.length };
  const metadataIndex = indexedKeys.length > 0 ? metadata.encode(metadataFacts) : null;
  const before = Buffer.concat([blockBytes, metadataIndex ?? Buffer.alloc(0)]);
  const index = {
    hasMetadataIndex: metadataIndex !== null,
    archiveBytes: before.length,
    sha256: createHash('sha256').update(before).digest(),
    records: entries.records,
    ordinal: options.isOrdinalKnown === false ? undefined : (options.ordinal ?? 0),
    previousSha256: options.previousSha256 ?? Buffer.alloc(32),
    writerEnded: options.writerEnded ?? true,
    entries: entries.entries,
  };
  const last = hasIndex ? encodeIndexFrame(index, writerId, nextSequence) : Buffer.alloc(0);
  let begin = 0;
  const frames = facts.map((block, i): SampleFrame => {
    const records = (blocks[i] ?? []).map((record, n) => expectedOf(record, block.sequence + n));
    const frame = { begin, end: begin + block.bytes, records };
    begin = frame.end;
    return frame;
  });
  if (metadataIndex !== null) {
    frames.push({ begin, end: begin + metadataIndex.length, records: [] });
    begin += metadataIndex.length;
  }
  if (hasIndex) frames.push({ begin, end: begin + last.length, records: [] });
  return { bytes: Buffer.concat([before, last]), frames };
}

const EARLY = [{ payload: 'early', metadata: { n: '0' } }, { payload: 'earlier' }];

/** A payload that is a whole archive of another writer. */
export const STRANGE_ARCHIVE = sealArchive([[{ payload: 'not ours' }], [{ payload: 'nor this' }]], {
  writerId: OTHER_WRITER_ID,
}).bytes;

/** A payload that is an earlier archive of the same writer. */
export const EARLIER_ARCHIVE = sealArchive([EARLY.slice(0, 1), EARLY.slice(1)]).bytes;

/** Five blocks, two of which hold whole archives, and the index. */
export function sampleVersion2(): SampleArchive {
  return sealArchive([
    EARLY,
    [{ payload: STRANGE_ARCHIVE }],
    [{ payload: '{"n":3}', metadata: { kind: 'a' } }, { payload: '{"n":4}' }],
    [{ payload: 'before' }, { payload: EARLIER_ARCHIVE }],
    [{ payload: 'last', metadata: { kind: 'b' } }],
  ]);
}

/** One record in each frame. */
export function sampleVersion1(records: readonly RecordFields[]): SampleArchive {
  const pieces = records.map((record) => encodeVersion1([record]));
  let begin = 0;
  const frames = pieces.map((piece, i): SampleFrame => {
    const expected = records.slice(i, i + 1).map((record) => expectedOf(record));
    const frame = { begin, end: begin + piece.length, records: expected };
    begin = frame.end;
    return frame;
  });
  return { bytes: Buffer.concat(pieces), frames };
}

export interface Skipped {
  readonly records: readonly PlainRecord[];
  readonly damage: readonly SkippedDamage[];
}

/** Decodes bytes that may be damaged, in pieces of at most `size` bytes. */
export function decodeSkipping(
  bytes: Buffer,
  size = bytes.length,
  options: ArchiveDecoderOptions = {},
): Skipped {
  const damage: SkippedDamage[] = [];
  const records: PlainRecord[] = [];
  const onDamage = (skipped: SkippedDamage) => damage.push(skipped);
  const decoder = new ArchiveDecoder({ ...options, whenDamaged: 'skip', onDamage });
  const takeAll = () => {
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) {
      for (const record of batch) records.push(plain(record));
    }
  };
  for (let at = 0; at < bytes.length; at += size) {
    decoder.push(bytes.subarray(at, at + size));
    takeAll();
  }
  decoder.end();
  takeAll();
  return { records, damage };
}

/** All records except those of frame `lost`. */
export function recordsWithout(sample: SampleArchive, lost: number): PlainRecord[] {
  return sample.frames.flatMap(({ records }, i) => (i === lost ? [] : [...records]));
}

/** A copy with one bit flipped. */
export function flipBit(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return flipped;
}
