import { JsonLinesEncoder } from '../../lib/codec/json-lines/json-lines-encoder.js';
import type { RecordEncoder } from '../../lib/codec/records/record-encoder.js';
import type { RecordInput } from '../../lib/codec/records/record-input.js';
import { Version1Encoder } from '../../lib/codec/version-1/version-1-encoder.js';
import { BlockBuilder, type BlockBuilderOptions } from '../../lib/codec/version-2/block-builder.js';

export const WRITER_ID = Buffer.from('5ca1ab1e0ddba115', 'hex');

/** The time of records that have none. */
export const NOW_MICROS = 1_700_000_000_000_000;

const MIB = 2 ** 20;

export function createBlockBuilder(options: Partial<BlockBuilderOptions> = {}): BlockBuilder {
  const { blockBytes = 4096, maxRecordBytes = MIB, slabBytes = 64, ...rest } = options;
  return new BlockBuilder({ writerId: WRITER_ID, blockBytes, maxRecordBytes, slabBytes, ...rest });
}

/** Records as version-2 blocks, without an index. */
export function encodeBlocks(
  records: Iterable<RecordInput>,
  options?: Partial<BlockBuilderOptions>,
): Buffer {
  return encodeAll(createBlockBuilder(options), records);
}

export function encodeVersion1(records: Iterable<RecordInput>, maxRecordBytes = MIB): Buffer {
  return encodeAll(new Version1Encoder({ maxRecordBytes, slabBytes: 64 }), records);
}

export function encodeJsonLines(records: Iterable<RecordInput>, metadataKey?: string): Buffer {
  const options = { maxRecordBytes: MIB, slabBytes: 64, metadataKey };
  return encodeAll(new JsonLinesEncoder(options), records);
}

export function encodeAll(encoder: RecordEncoder, records: Iterable<RecordInput>): Buffer {
  for (const record of records) encoder.add(record, NOW_MICROS);
  encoder.finishBlock();
  return encoder.take();
}
