import { isUtf8 } from 'node:buffer';

import { DamageError, type DamageReason } from '../../errors/damage-error.js';
import { LINE_FEED } from '../../format/json-lines.js';
import { LARGEST_BLOCK_BYTES } from '../../format/limits.js';
import { DamageLog } from '../frames/damage-log.js';
import type { InputEnd } from '../frames/input-end.js';
import type { DecoderContext, KindDecoder } from '../frames/kind-decoder.js';
import { ArchiveRecord, createOrigin } from '../records/archive-record.js';
import { jsonMetadataLayout, splitMetadataMember } from './json-metadata.js';
import { isJson } from './json-syntax.js';

/** Decodes JSON lines: each line is the payload of a record (docs/format.md, "JSON lines"). */
export class JsonLinesDecoder implements KindDecoder {
  readonly #context: DecoderContext;
  readonly #log: DamageLog;
  /** How many bytes of the queue were searched and have no line feed. */
  #searched = 0;
  /** The line being skipped, while its end has not come. */
  #skipping: { readonly begin: number; readonly reason: DamageReason } | undefined;
  /** A line needs no writer. */
  readonly needsWriters = false;
  #end: InputEnd | undefined;
  /** Whether the damage of the input was reported. */
  #isOver = false;

  constructor(context: DecoderContext) {
    this.#context = context;
    this.#log = new DamageLog(context.archive, context.onDamage);
  }

  end(end: InputEnd): void {
    this.#end ??= end;
  }

  giveWriters(): void {
    // Never needed.
  }

  decodeNext(into: ArchiveRecord[]): boolean {
    while (this.#skipping === undefined || this.#skipLine(this.#skipping)) {
      try {
        const line = this.#readLine();
        if (line === null) {
          this.#finish();
          return false;
        }
        const record = this.#open(line);
        this.#skip(line.length + 1);
        this.#log.report();
        into.push(record);
        return true;
      } catch (error) {
        if (this.#context.whenDamaged !== 'skip' || !(error instanceof DamageError)) throw error;
        this.#skipping = { begin: this.#context.queue.offset, reason: error.reason };
      }
    }
    return false;
  }

  /** Returns the next line and leaves it in the queue; null if it needs more bytes. */
  #readLine(): Buffer | null {
    const { queue, maxRecordBytes } = this.#context;
    const length = queue.indexOf(LINE_FEED, this.#searched);
    if ((length === -1 ? queue.length : length) > maxRecordBytes) {
      this.#fail('too-large', `at most ${maxRecordBytes} bytes`, 'a longer line');
    }
    if (length > LARGEST_BLOCK_BYTES && queue.hasHole(length)) {
      // Before the line is copied: a sparse file may claim a gigabyte of it.
      this.#fail('bad-text', 'text', 'a hole of zeros');
    }
    if (length !== -1) return queue.peek(length);
    this.#searched = queue.length;
    return this.#end === undefined ? null : this.#readLast(this.#end);
  }

  /**
   * A last line without a line feed is a record if its JSON is whole; otherwise it is torn. If the
   * input was cut off, the line may be a piece of a longer one: `1` of `12`.
   */
  #readLast({ damage, isWhole }: InputEnd): Buffer | null {
    const { queue, tornTail } = this.#context;
    if (tornTail === 'end' && isWhole) queue.skip(queue.length);
    if (queue.length === 0) return null;
    const found = `the end after ${queue.length} bytes`;
    if (!isWhole) this.#fail(damage ?? 'torn', 'a whole line', found);
    // JSON has no zero byte, and the hole at the end of a sparse file has nothing else.
    if (queue.indexOf(0, 0) !== -1) this.#fail('torn', 'a whole line', found);
    const line = queue.peek(queue.length);
    if (!isJson(line)) this.#fail('torn', 'a whole line', found);
    return line;
  }

  /** Skips a line including its line feed; returns false if that has not come. */
  #skipLine({ begin, reason }: { begin: number; reason: DamageReason }): boolean {
    const { queue } = this.#context;
    const length = queue.indexOf(LINE_FEED, 0);
    this.#skip(length === -1 ? queue.length : length + 1);
    if (length === -1 && this.#end === undefined) return false;
    this.#log.add(begin, queue.offset, reason);
    this.#skipping = undefined;
    return true;
  }

  /** Skips `count` bytes, or fewer: the last line may have no line feed. */
  #skip(count: number): void {
    const { queue } = this.#context;
    queue.skip(Math.min(count, queue.length));
    this.#searched = 0;
  }

  #finish(): void {
    if (this.#end === undefined || this.#isOver) return;
    const { damage, resumesAt } = this.#end;
    const { queue } = this.#context;
    const { offset } = queue;
    if (resumesAt !== undefined) {
      // A damaged member may decompress to more bytes than it had.
      this.#log.add(Math.min(offset, resumesAt), resumesAt, damage ?? 'torn');
      queue.jumpTo(resumesAt);
      this.#end = undefined;
      return;
    }
    this.#isOver = true;
    if (damage !== undefined) this.#log.add(offset, offset, damage);
    this.#log.report();
  }

  #open(line: Buffer): ArchiveRecord {
    const { archive, metadataKey, queue } = this.#context;
    if (!isUtf8(line)) this.#fail('bad-text', 'UTF-8', 'other bytes');
    const origin = createOrigin(archive, undefined, jsonMetadataLayout, queue.offset);
    const split = metadataKey === undefined ? null : splitMetadataMember(line, metadataKey);
    if (split === null) return new ArchiveRecord(origin, line, spanOf(0, line.length));
    const bytes = Buffer.concat([split.metadata, split.payload]);
    return new ArchiveRecord(origin, bytes, spanOf(split.metadata.length, bytes.length));
  }

  #fail(reason: DamageReason, expected: string, found: string): never {
    const { archive, queue } = this.#context;
    const damage = { reason, what: 'line', offset: queue.offset, expected, found };
    throw new DamageError(damage, archive);
  }
}

function spanOf(metadataEnd: number, payloadEnd: number) {
  return { metadataStart: 0, metadataEnd, payloadStart: metadataEnd, payloadEnd };
}
