import { ByteQueue } from './bytes/byte-queue.js';
import { FrameDecoder } from './frames/frame-decoder.js';
import { type InputEnd, WHOLE_INPUT } from './frames/input-end.js';
import type { ArchiveDecoderOptions, DecoderContext, KindDecoder } from './frames/kind-decoder.js';
import type { WriterList } from './frames/known-writers.js';
import { beginsAsJson } from './json-lines/begins-as-json.js';
import { JsonLinesDecoder } from './json-lines/json-lines-decoder.js';
import type { ArchiveRecord } from './records/archive-record.js';
import { parseMaxRecordBytes } from './records/record-encoder.js';
import type { RecordSelection } from './version-2/block-selection.js';

/** Which bytes and records of an archive to decode. */
export interface DecodedSpan {
  /** Selects records of version 2. Version 1 and JSON lines give all. @default all */
  readonly selection?: RecordSelection | undefined;
  /** The offset of the first byte that is pushed. @default 0 */
  readonly offset?: number | undefined;
  /** The first byte of the archive. @default the first byte that is pushed */
  readonly firstByte?: number | undefined;
}

/** `next` returns about this many records, or those of one block if it has more. */
const BATCH_RECORDS = 128;

/**
 * Decodes the bytes of an archive, in chunks of any size, to records. Frames of versions 1 and 2
 * may be mixed; JSON lines are recognised by their first byte. Pure and synchronous. It keeps only
 * the bytes of an incomplete frame. A pushed chunk belongs to the decoder: its records are views on
 * it.
 */
export class ArchiveDecoder {
  readonly #context: DecoderContext;
  readonly #firstByte: number | undefined;
  #kind: KindDecoder | undefined;
  #failure: { readonly error: unknown } | undefined;
  #end: InputEnd | undefined;
  /** Lost bytes at the beginning, before a byte has shown what kind of archive it is. */
  #lost: InputEnd | undefined;

  constructor(
    options: ArchiveDecoderOptions = {},
    { firstByte, offset = 0, selection }: DecodedSpan = {},
  ) {
    const maxRecordBytes = parseMaxRecordBytes(options.maxRecordBytes);
    this.#firstByte = firstByte;
    this.#context = { ...options, maxRecordBytes, selection, queue: new ByteQueue(offset) };
  }

  push(chunk: Buffer): void {
    if (this.#lost !== undefined && chunk.length > 0) this.#passLost(this.#lost, chunk[0]);
    this.#context.queue.push(chunk);
  }

  /**
   * Call this after the last `push`, and before lost bytes.
   *
   * @param end how the input ends, if not as it should. With damage to be skipped, the last
   *   incomplete frame or line is a part of it.
   */
  end(end: InputEnd = WHOLE_INPUT): void {
    this.#end ??= end;
  }

  /** The offset after the last frame or line that it has decoded or skipped. */
  get offset(): number {
    return this.#context.queue.offset;
  }

  /** Whether `next` returned null because it waits for `giveWriters`. */
  get needsWriters(): boolean {
    return this.#kind?.needsWriters ?? false;
  }

  /** Gives the writers that were `on demand`. */
  giveWriters(writers: WriterList): void {
    this.#kind?.giveWriters(writers);
  }

  /**
   * The next records in order; null if it needs more bytes or, after `end`, if there are no more
   * records. At damage it returns the records before it first; every later call throws.
   *
   * @throws DamageError unless damage is skipped
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
      if (queue.length === 0 && this.#end?.damage === undefined && this.#lost === undefined) return;
      if (queue.length === 0 && this.#end?.resumesAt !== undefined) {
        this.#lost = { ...this.#end, damage: this.#lost?.damage ?? this.#end.damage };
        this.#end = undefined;
      }
      if (queue.length === 0 && this.#end === undefined) return;
      if (this.#lost !== undefined) this.#passLost(this.#lost);
      const firstByte = this.#firstByte ?? queue.peek(Math.min(queue.length, 1))[0];
      this.#kind ??= kindOf(firstByte, this.#context);
    }
    if (this.#end !== undefined) this.#kind.end(this.#end);
    if (this.#end?.resumesAt !== undefined) this.#end = undefined;
    while (into.length < BATCH_RECORDS && this.#kind.decodeNext(into));
  }

  /** Passes over lost bytes at the beginning, now that the first byte after them has come. */
  #passLost(lost: InputEnd, firstByte?: number): void {
    this.#lost = undefined;
    this.#kind = kindOf(firstByte, this.#context);
    this.#kind.end(lost);
    this.#kind.decodeNext([]);
  }
}

/**
 * A frame begins with 0x84, and JSON begins with neither that nor any byte that differs from it in
 * one bit. The frame decoder reports any other first byte as damage.
 */
function kindOf(firstByte: number | undefined, context: DecoderContext): KindDecoder {
  return beginsAsJson(firstByte) ? new JsonLinesDecoder(context) : new FrameDecoder(context);
}
