import { HEADER_BYTES, KIND_INDEX, KIND_RECORDS } from '../../format/version-2.js';
import type { ArchiveRecord } from '../records/archive-record.js';
import { openVersion1Frame } from '../version-1/version-1-record.js';
import { checkIndexedBytes, decodeIndexBody } from '../version-2/archive-index.js';
import { isPassedOver, type RecordSelection } from '../version-2/block-selection.js';
import { type BlockRest, checkBlock, openBlock } from '../version-2/open-block.js';
import { FrameScanner, type LaterFrame, type ScannedFrame } from './frame-scanner.js';
import type { InputEnd } from './input-end.js';
import type { DecoderContext, KindDecoder } from './kind-decoder.js';
import type { WriterList } from './known-writers.js';

/** Decodes frames of all versions: opens each frame that the scanner finds whole and valid. */
export class FrameDecoder implements KindDecoder {
  readonly #scanner: FrameScanner;
  #into: ArchiveRecord[] = [];
  /** The rest of the last block, if it has many records. */
  #rest: BlockRest | undefined;

  constructor(context: DecoderContext) {
    const { archive, maxRecordBytes, selection } = context;
    const options = { archive, maxRecordBytes, selection };
    this.#scanner = new FrameScanner({
      ...context,
      inspect: (frame) => {
        this.#rest = openFrame(frame, options, this.#into);
      },
    });
  }

  decodeNext(into: ArchiveRecord[]): boolean {
    if (this.#rest !== undefined) {
      if (!this.#rest.next(into)) this.#rest = undefined;
      return true;
    }
    this.#into = into;
    return this.#scanner.next() !== null;
  }

  end(end: InputEnd): void {
    this.#scanner.end(end);
  }

  get needsWriters(): boolean {
    return this.#scanner.needsWriters;
  }

  giveWriters(writers: WriterList): void {
    this.#scanner.giveWriters(writers);
  }
}

export interface OpenFrameOptions {
  readonly archive: string | undefined;
  readonly maxRecordBytes: number;
  /** @default all records are wanted */
  readonly selection?: RecordSelection | undefined;
}

/**
 * Opens a frame from a `FrameScanner` and appends its wanted records to `into`. It checks an index,
 * and ignores skippable kinds.
 *
 * @returns the rest of a block with many records, if there is any
 * @throws DamageError, with nothing appended
 */
export function openFrame(
  frame: ScannedFrame,
  { archive, maxRecordBytes, selection }: OpenFrameOptions,
  into: ArchiveRecord[],
): BlockRest | undefined {
  if (frame.header === null) {
    into.push(openVersion1Frame(frame.bytes, frame.lengths, archive, frame.offset));
    return undefined;
  }
  const { bytes, header, offset } = frame;
  const body = bytes.subarray(HEADER_BYTES);
  if (header.kind !== KIND_RECORDS) {
    checkOther(frame, archive);
    return undefined;
  }
  // The header decides: its checksum is good.
  if (selection !== undefined && isPassedOver(header, selection.passOver(header))) {
    selection.noteRead(header);
    return undefined;
  }
  const rest = openBlock(header, body, { archive, offset, maxRecordBytes, selection }, into);
  selection?.noteRead(header);
  return rest;
}

/**
 * Checks a frame from a `FrameScanner` and returns how many records it has.
 *
 * @throws DamageError
 */
export function checkFrame(
  frame: ScannedFrame,
  { archive, maxRecordBytes }: Omit<OpenFrameOptions, 'selection'>,
): number {
  if (frame.header === null) return 1;
  const { bytes, header, offset } = frame;
  if (header.kind !== KIND_RECORDS) {
    checkOther(frame, archive);
    return 0;
  }
  checkBlock(header, bytes.subarray(HEADER_BYTES), { archive, offset, maxRecordBytes });
  return header.records;
}

/** Checks a frame that holds no records. */
function checkOther({ bytes, header, offset }: LaterFrame, archive: string | undefined): void {
  if (header.kind !== KIND_INDEX) return;
  const index = decodeIndexBody(bytes.subarray(HEADER_BYTES), offset, archive);
  checkIndexedBytes(index, offset, archive);
}
