import { availableParallelism } from 'node:os';
import { addAbortSignal, Transform, type TransformCallback } from 'node:stream';
import { createGzip } from 'node:zlib';

import { BoundedEntries } from '../codec/bytes/bounded-entries.js';
import {
  encodeDataHeader,
  encodeEndMember,
  encodeIndexMembers,
} from '../codec/gzip/gzip-member.js';
import { MemberCutter, type RawMember } from '../codec/gzip/member-cutter.js';
import {
  type MemberEntry,
  type MemberFacts,
  mergeMemberEntries,
} from '../codec/gzip/member-entry.js';
import { quote } from '../errors/show.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkFunction } from '../format/option-values.js';
import { type ByteCount, parseByteCount } from '../format/quantity.js';
import {
  DEFAULT_MEMBER_BYTES,
  LARGEST_MEMBER_BYTES,
  LEAST_MEMBER_BYTES,
  MAX_MEMBER_ENTRIES,
} from '../format/seekable-gzip.js';

/**
 * Compresses all of `raw` into deflate data (RFC 1951) and the trailer of a gzip member (RFC 1952).
 */
export type Deflate = (raw: Buffer, signal: AbortSignal) => Promise<Buffer>;

/** Options of a `SeekableGzip`. */
export interface SeekableGzipOptions {
  /** zlib's compression level, 0 (none) to 9 (best). @default 6 */
  readonly level?: number | undefined;
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
  /** Compresses a member. @default zlib on the thread pool, at `level` */
  readonly deflate?: Deflate | undefined;
}

const GZIP_OPTION_NAMES: OptionNames<SeekableGzipOptions> = {
  level: true,
  memberBytes: true,
  concurrency: true,
  deflate: checkFunction,
};

/** A member that is being compressed, or waits for the members before it or for the reader. */
interface Job {
  readonly facts: MemberFacts;
  /** Deflate data and trailer; undefined until they are compressed. */
  deflated: Buffer | undefined;
}

/** Written bytes that are not yet all cut into members. */
interface Input {
  readonly members: Iterator<RawMember>;
  /** The last input is done only after the reader has been given every member. */
  readonly isLast: boolean;
  readonly callback: TransformCallback;
}

/**
 * Compresses an archive: takes its bytes in chunks of any size, and gives gzip of many members
 * (docs/format-gzip.md) that decompresses to exactly these bytes, whatever they are. Members end
 * where frames or lines end, and are compressed several at a time on the thread pool. However slow
 * the reader, at most `concurrency + 1` members are in memory, each of at most 4 times
 * `memberBytes`.
 */
export class SeekableGzip extends Transform {
  readonly #cutter: MemberCutter;
  readonly #deflate: Deflate;
  readonly #concurrency: number;
  readonly #index = new BoundedEntries(MAX_MEMBER_ENTRIES, mergeMemberEntries);
  readonly #abort = new AbortController();
  #input: Input | undefined;
  /** Members in the order of the archive. */
  #jobs: Job[] = [];
  /** The result of the last `push`; true after `_read`. */
  #isWanted = true;

  /** @throws TypeError for an unknown option, RangeError for one that is out of its range */
  constructor(given?: SeekableGzipOptions) {
    super();
    const options = readOptions(given, GZIP_OPTION_NAMES);
    const { level = DEFAULT_LEVEL, memberBytes = DEFAULT_MEMBER_BYTES } = options;
    const { concurrency = Math.min(availableParallelism() + 1, LARGEST_CONCURRENCY) } = options;
    checkRange('level', level, 0, LARGEST_LEVEL);
    checkRange('concurrency', concurrency, 1, LARGEST_CONCURRENCY);
    const bytes = parseByteCount(memberBytes, 'memberBytes');
    checkRange('memberBytes', bytes, LEAST_MEMBER_BYTES, LARGEST_MEMBER_BYTES);
    this.#cutter = new MemberCutter(bytes);
    this.#deflate = options.deflate ?? deflateOnPool(level);
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
    for (let job = this.#jobs[0]; this.#isWanted && job?.deflated; job = this.#jobs[0]) {
      this.#jobs.shift();
      const header = encodeDataHeader(job.facts, job.deflated.length);
      const member = Buffer.concat([header, job.deflated]);
      this.#index.add({ ...job.facts, memberBytes: member.length });
      this.#isWanted = this.push(member);
    }
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
      if (isLast && this.#jobs.length > 0) return undefined;
      // Cleared before a push: a reader may call `_read` from within it.
      this.#input = undefined;
      if (isLast) this.#giveEnd();
      return callback;
    }
    return undefined;
  }

  /** Hands a member to the thread pool. */
  #start({ bytes, facts }: RawMember): void {
    const job: Job = { facts, deflated: undefined };
    this.#jobs.push(job);
    this.#deflate(bytes, this.#abort.signal).then(
      (deflated) => {
        this.#cutter.reuse(bytes);
        job.deflated = deflated;
        this.#advance();
      },
      // After an abort this does nothing: the stream is already destroyed.
      (error) => this.destroy(error),
    );
  }

  /** Pushes the member index and the end member. They are small, so it ignores backpressure. */
  #giveEnd(): void {
    let indexBytes = 0;
    const { entries } = this.#index;
    for (const member of encodeIndexMembers(entries)) {
      indexBytes += member.length;
      this.push(member);
    }
    const { recordsAreExact, writer } = this.#cutter;
    const totals = {
      indexBytes,
      dataBytes: sumOf(entries, 'memberBytes'),
      rawBytes: sumOf(entries, 'rawBytes'),
      records: sumOf(entries, 'records'),
      recordsAreExact,
      writer,
    };
    this.push(encodeEndMember(totals));
  }
}

const DEFAULT_LEVEL = 6;
const LARGEST_LEVEL = 9;
const LARGEST_CONCURRENCY = 8;

/** zlib writes a gzip header of this size. It is replaced by the header of a data member. */
const ZLIB_HEADER_BYTES = 10;

/**
 * The share of the input that one output buffer holds. Each buffer costs a trip to a thread and
 * back.
 */
const OUTPUT_SHARE = 1 / 4;
const LEAST_OUTPUT_BYTES = 2 ** 12;

/**
 * Compresses on libuv's thread pool, checksum included. After the signal has aborted, zlib only
 * finishes the call that is running.
 */
export function deflateOnPool(level: number): Deflate {
  return async (raw, signal) => {
    const chunkSize = Math.max(Math.ceil(raw.length * OUTPUT_SHARE), LEAST_OUTPUT_BYTES);
    const gzip = addAbortSignal(signal, createGzip({ level, chunkSize }));
    gzip.end(raw);
    const pieces: Buffer[] = [];
    for await (const piece of gzip) pieces.push(piece);
    return Buffer.concat(pieces).subarray(ZLIB_HEADER_BYTES);
  };
}

function sumOf(
  entries: readonly MemberEntry[],
  field: 'memberBytes' | 'rawBytes' | 'records',
): number {
  return entries.reduce((sum, entry) => sum + entry[field], 0);
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `${name} is ${quote(value)}, expected a whole number from ${least} to ${most}`,
  );
}
