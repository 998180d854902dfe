import { beginsAsJson } from './bytes/begins-as-json.js';
import { ByteQueue } from './bytes/byte-queue.js';
import { FrameDecoder } from './frames/frame-decoder.js';
import type { ArchiveDecoderOptions, DecoderContext, KindDecoder } from './frames/kind-decoder.js';
import { JsonLinesDecoder } from './json-lines/json-lines-decoder.js';
import type { ArchiveRecord } from './records/archive-record.js';
import { parseMaxRecordBytes } from './records/record-encoder.js';
import type { RecordSelection } from './version-2/record-selection.js';

/** Which part of an archive is decoded. */
export interface DecodedPart {
  /** Which of its records; those of version 1 and JSON lines are all given. @default all */
  readonly selection?: RecordSelection | undefined;
  /** Where in the archive the first byte stands that is given to `push`. @default 0 */
  readonly offset?: number | undefined;
}

/** As many records are given at a time, or those of one block where it has more. */
const BATCH_RECORDS = 128;

/**
 * Bytes of an archive in, whatever their chunking; records out. Frames of versions 1 and 2 may follow
 * each other; JSON lines are told by their first byte. Pure and synchronous: it holds what does not yet
 * make a frame, and nothing else. Bytes given to `push` are its own from then on.
 */
export class ArchiveDecoder {
  readonly #context: DecoderContext;
  #kind: KindDecoder | undefined;
  #failure: { readonly error: unknown } | undefined;
  #hasEnded = false;

  constructor(options: ArchiveDecoderOptions = {}, { offset = 0, selection }: DecodedPart = {}) {
    const maxRecordBytes = parseMaxRecordBytes(options.maxRecordBytes);
    this.#context = { ...options, maxRecordBytes, selection, queue: new ByteQueue(offset) };
  }

  push(chunk: Buffer): void {
    this.#context.queue.push(chunk);
  }

  /** No more bytes come. */
  end(): void {
    this.#hasEnded = true;
  }

  /**
   * The next records in their order, or null when more bytes are needed, or, after `end`, when there are
   * no more. Records before damage are given first; then, and from then on, it throws.
   *
   * @throws DamageError, unless damage is skipped
   */
  next(): ArchiveRecord[] | null {
    if (this.#failure !== undefined) throw this.#failure.error;
    const records: ArchiveRecord[] = [];
    try {
      this.#decode(records);
    } catch (error) {
      this.#failure = { error };
      if (records.length === 0) throw error;
    }
    return records.length === 0 ? null : records;
  }

  #decode(into: ArchiveRecord[]): void {
    const { queue } = this.#context;
    if (this.#kind === undefined) {
      if (queue.length === 0) return;
      this.#kind = kindOf(queue.peek(1)[0], this.#context);
    }
    if (this.#hasEnded) this.#kind.end();
    while (into.length < BATCH_RECORDS && this.#kind.decodeNext(into));
  }
}

/**
 * Told apart by the first byte: that of a frame is 0x84, which begins no text, also with a bit flipped;
 * that of a line is one that JSON may begin with. Anything else is for the frame decoder to refuse.
 */
function kindOf(firstByte: number | undefined, context: DecoderContext): KindDecoder {
  return beginsAsJson(firstByte) ? new JsonLinesDecoder(context) : new FrameDecoder(context);
}
