import { quote, show } from '../errors/show.js';
import { DEFAULT_BLOCK_BYTES, LARGEST_BLOCK_BYTES } from '../format/limits.js';
import type { OptionNames } from '../format/option-names.js';
import { checkText, parseChoice } from '../format/option-values.js';
import { type ByteCount, parseByteCount } from '../format/quantity.js';
import { WRITER_BYTES } from '../format/version-2.js';
import { isBytes } from './bytes/is-bytes.js';
import { JsonLinesEncoder } from './json-lines/json-lines-encoder.js';
import {
  type ArchiveFormat,
  parseMaxRecordBytes,
  type RecordEncoder,
} from './records/record-encoder.js';
import { Version1Encoder } from './version-1/version-1-encoder.js';
import { BlockBuilder, type BlockFacts } from './version-2/block-builder.js';

/** Options for the format of an archive. */
export interface FormatOptions {
  /** `v2`: blocks. `v1`: the format of the original Python program. `jsonl`: JSON lines. @default 'v2' */
  readonly format?: ArchiveFormat | undefined;
  /**
   * A block of version 2 ends at this size, or earlier if a sync or a flush needs its records. The
   * block is the unit of checksums, of seeking, and of loss through damage. At most 16 MiB.
   * @default '128 KiB'
   */
  readonly blockBytes?: ByteCount | undefined;
  /** The largest record; a larger one throws a `RecordError`. @default '64 MiB' */
  readonly maxRecordBytes?: ByteCount | undefined;
  /**
   * Only with `format: 'jsonl'`: each line, which must be an object, gets the metadata under this
   * key. Without this option the metadata are not written.
   */
  readonly metadataKey?: string | undefined;
}

/** All options of a format. */
export const FORMAT_OPTION_NAMES: OptionNames<FormatOptions> = {
  format: true,
  blockBytes: true,
  maxRecordBytes: true,
  metadataKey: checkText,
};

/** Checked `FormatOptions`, with defaults. */
export interface FormatSettings {
  readonly format: ArchiveFormat;
  readonly blockBytes: number;
  readonly maxRecordBytes: number;
  readonly metadataKey: string | undefined;
}

/**
 * @throws TypeError for an unknown format, or a `metadataKey` in another format than JSON lines
 * @throws RangeError for a size out of range
 */
export function parseFormatOptions(options: FormatOptions): FormatSettings {
  const format = parseChoice('format', options.format, ['v2', 'v1', 'jsonl']);
  if (options.metadataKey !== undefined && format !== 'jsonl') {
    throw new TypeError(`metadataKey goes with format 'jsonl', not with ${show(format)}`);
  }
  // `??` would take null, which is a mistake, for the default.
  const { blockBytes: givenBytes = DEFAULT_BLOCK_BYTES } = options;
  const blockBytes = parseByteCount(givenBytes, 'blockBytes');
  if (blockBytes < 1 || blockBytes > LARGEST_BLOCK_BYTES) {
    throw new RangeError(`blockBytes is ${quote(options.blockBytes)}, expected 1 byte to 16 MiB`);
  }
  const maxRecordBytes = parseMaxRecordBytes(options.maxRecordBytes);
  return { format, blockBytes, maxRecordBytes, metadataKey: options.metadataKey };
}

/** @throws TypeError for what are no bytes, RangeError for more or fewer than eight */
export function checkWriterId(writerId: Uint8Array): void {
  if (!isBytes(writerId)) {
    throw new TypeError(`writerId is ${show(writerId)}, expected ${WRITER_BYTES} bytes`);
  }
  if (writerId.length !== WRITER_BYTES) {
    throw new RangeError(`writerId has ${writerId.length} bytes, expected ${WRITER_BYTES}`);
  }
}

export interface RecordEncoderSetup {
  /** 8 bytes. Only version 2 stores it. */
  readonly writerId: Uint8Array;
  /** The initial size of a slab. @default enough for a block */
  readonly slabBytes?: number;
  /** Called when a block of version 2 ends. Its body is valid until the call returns. */
  readonly onBlock?: (block: BlockFacts, body: Buffer) => void;
}

export function createRecordEncoder(
  settings: FormatSettings,
  setup: RecordEncoderSetup,
): RecordEncoder {
  checkWriterId(setup.writerId);
  const slabBytes = settings.blockBytes + SLAB_HEADROOM_BYTES;
  const options = { slabBytes, ...settings, ...setup };
  if (settings.format === 'v1') return new Version1Encoder(options);
  if (settings.format === 'jsonl') return new JsonLinesEncoder(options);
  return new BlockBuilder(options);
}

/** A block ends when it reaches `blockBytes`; its last record and its key table may exceed that. */
const SLAB_HEADROOM_BYTES = 16 * 2 ** 10;
