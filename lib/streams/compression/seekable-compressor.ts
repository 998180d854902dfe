import { availableParallelism } from 'node:os';
import { Transform, type TransformCallback } from 'node:stream';

import { BoundedEntries } from '../../codec/bytes/bounded-entries.js';
import { totalBytes } from '../../codec/bytes/pieces.js';
import { MemberCutter, type RawMember } from '../../codec/compression/members/member-cutter.js';
import {
  type MemberEntry,
  type MemberFacts,
  mergeMemberEntries,
} from '../../codec/compression/members/member-entry.js';
import type { MemberFormat } from '../../codec/compression/members/member-format.js';
import {
  DEFAULT_MEMBER_BYTES,
  LARGEST_MEMBER_BYTES,
  LEAST_MEMBER_BYTES,
  MAX_MEMBER_ENTRIES,
} from '../../format/member-index.js';
import { checkWholeNumber } from '../../format/option-values.js';
import { type ByteCount, parseByteCount } from '../../format/quantity.js';

/**
 * Compresses all of `raw` to what the format makes a member from, in one piece or several. Ends
 * early, with any result or error, when the signal aborts.
 */
export type CompressMember = (
  raw: Buffer,
  signal: AbortSignal,
) => Promise<Buffer | readonly Buffer[]>;

/** How an archive is cut into members, and how many are compressed at a time. */
export interface MemberOptions {
  /**
   * Uncompressed bytes of a member: it ends at the first end of a frame after them. 1 KiB to 64
   * MiB. With smaller members, a seek reads less, but they compress worse. @default '1 MiB'
   */
  readonly memberBytes?: ByteCount | undefined;
  /**
   * How many threads to keep busy, 1 to 8. The pool gets one member more, so that no thread waits
   * for the next one. The pool has 4 threads unless `UV_THREADPOOL_SIZE` sets another number.
   * @default one more than there are CPUs, at most 8; `npm run bench -- gzip` shows that this is
   * faster than one per CPU
   */
  readonly concurrency?: number | undefined;
}

/** A member that is being compressed, or waits for the members before it or for the reader. */
interface Job {
  readonly facts: MemberFacts;
  /** Undefined until the data are compressed. */
  compressed: readonly Buffer[] | undefined;
}

/** Written bytes that are not yet all cut into members. */
interface Input {
  readonly members: Iterator<RawMember>;
  /** The last input is done only after the reader has been given every member. */
  readonly isLast: boolean;
  readonly callback: TransformCallback;
}

/**
 * Compresses an archive: takes its bytes in chunks of any size, and gives many members and their
 * index, which decompress to exactly these bytes, whatever they are. Members end
 * where frames or lines end, and are compressed several at a time on the thread pool. However slow
 * the reader, at most `concurrency + 1` members are in memory, each of at most 4 times
 * `memberBytes`.
 */
export class SeekableCompressor extends Transform {
  readonly #cutter: MemberCutter;
  readonly #format: MemberFormat;
  readonly #compress: CompressMember;
  readonly #concurrency: number;
  readonly #index = new BoundedEntries(MAX_MEMBER_ENTRIES, mergeMemberEntries);
  readonly #abort = new AbortController();
  #input: Input | undefined;
  /** Members in the order of the archive. */
  #jobs: Job[] = [];
  /** The rest of the member that is being pushed. */
  #pieces: Buffer[] = [];
  /** The result of the last `push`; true after `_read`. */
  #isWanted = true;

  /** @throws RangeError for an option that is out of its range */
  constructor(format: MemberFormat, compress: CompressMember, options: MemberOptions) {
    super();
    const { memberBytes = DEFAULT_MEMBER_BYTES } = options;
    const { concurrency = Math.min(availableParallelism() + 1, LARGEST_CONCURRENCY) } = options;
    checkWholeNumber('concurrency', concurrency, 1, LARGEST_CONCURRENCY);
    const bytes = parseByteCount(memberBytes, 'memberBytes');
    checkWholeNumber('memberBytes', bytes, LEAST_MEMBER_BYTES, LARGEST_MEMBER_BYTES);
    this.#format = format;
    this.#cutter = new MemberCutter(bytes);
    this.#compress = compress;
    this.#concurrency = concurrency;
  }

  override _write(chunk: Buffer, _encoding: string, callback: TransformCallback): void {
    this.#input = { members: this.#cutter.cut(chunk), isLast: false, callback };
    this.#advance();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#advance();
  }

  override _flush(callback: TransformCallback): void {
    this.#input = { members: this.#cutter.end(), isLast: true, callback };
    this.#advance();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#abort.abort();
    this.#jobs = [];
    this.#pieces = [];
    this.#input = undefined;
    callback(error);
  }

  /**
   * Does all work that is possible now. Calls back last, because the callback may write the next
   * input.
   */
  #advance(): void {
    this.#give();
    this.#take()?.();
  }

  /** Pushes compressed members in order, until one is not ready or the reader has enough. */
  #give(): void {
    while (this.#isWanted) {
      if (this.#pieces.length === 0) this.#pieces = this.#encodeNext();
      // Taken before the push: a reader may call `_read` from within it.
      const piece = this.#pieces.shift();
      if (piece === undefined) return;
      this.#isWanted = this.push(piece);
    }
  }

  /**
   * The pieces of the next member; none if it is not compressed yet. They are not joined: joined once
   * by the compressor and once by the format, shipping takes 15 MiB more at its peak, of 180.
   */
  #encodeNext(): Buffer[] {
    const [job] = this.#jobs;
    if (job?.compressed === undefined) return [];
    this.#jobs.shift();
    const pieces = [...this.#format.encodeMember(job.facts, job.compressed)];
    this.#index.add({ ...job.facts, memberBytes: totalBytes(pieces) });
    return pieces;
  }

  /**
   * Cuts members from the input, as many as fit in memory. Returns the input's callback when all of
   * it is cut; until then the source waits, for the compression and for the reader.
   */
  #take(): TransformCallback | undefined {
    while (this.#input !== undefined && this.#jobs.length <= this.#concurrency) {
      const { callback, members, isLast } = this.#input;
      const { done, value } = members.next();
      if (!done) {
        this.#start(value);
        continue;
      }
      if (isLast && this.#jobs.length + this.#pieces.length > 0) return undefined;
      // Cleared before a push: a reader may call `_read` from within it.
      this.#input = undefined;
      if (isLast) this.#giveEnd();
      return callback;
    }
    return undefined;
  }

  /** Hands a member to the thread pool. */
  #start({ bytes, facts }: RawMember): void {
    const job: Job = { facts, compressed: undefined };
    this.#jobs.push(job);
    this.#compress(bytes, this.#abort.signal).then(
      (compressed) => {
        this.#cutter.reuse(bytes);
        job.compressed = Buffer.isBuffer(compressed) ? [compressed] : compressed;
        this.#advance();
      },
      // After an abort this does nothing: the stream is already destroyed.
      (error) => this.destroy(error),
    );
  }

  /** Pushes the index and the end. They are small, so it ignores backpressure. */
  #giveEnd(): void {
    let indexBytes = 0;
    const { entries } = this.#index;
    for (const piece of this.#format.encodeIndex(entries)) {
      indexBytes += piece.length;
      this.push(piece);
    }
    const { hasGaps, recordsAreExact, writer } = this.#cutter;
    const totals = {
      indexBytes,
      dataBytes: sumOf(entries, 'memberBytes'),
      rawBytes: sumOf(entries, 'rawBytes'),
      records: sumOf(entries, 'records'),
      hasGaps,
      recordsAreExact,
      writer,
    };
    this.push(this.#format.encodeEnd(totals));
    this.#cutter.release();
  }
}

const LARGEST_CONCURRENCY = 8;

function sumOf(
  entries: readonly MemberEntry[],
  field: 'memberBytes' | 'rawBytes' | 'records',
): number {
  return entries.reduce((sum, entry) => sum + entry[field], 0);
}
