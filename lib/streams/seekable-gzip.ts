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
import { type ByteCount, parseByteCount } from '../format/quantity.js';
import {
  DEFAULT_MEMBER_BYTES,
  LARGEST_MEMBER_BYTES,
  LEAST_MEMBER_BYTES,
  MAX_MEMBER_ENTRIES,
} from '../format/seekable-gzip.js';

/** Compresses all of `raw` into deflate data (RFC 1951) and the trailer of a gzip member (RFC 1952). */
export type Deflate = (raw: Buffer, signal: AbortSignal) => Promise<Buffer>;

/** What a user of a `SeekableGzip` chooses. */
export interface SeekableGzipOptions {
  /** zlib's compression level, 0 (none) to 9 (best). @default 6 */
  readonly level?: number | undefined;
  /**
   * How much of the archive goes into a member before it ends with a frame; 1 KiB to 64 MiB. Smaller
   * members are found more exactly, and compress worse. @default '1 MiB'
   */
  readonly memberBytes?: ByteCount | undefined;
  /**
   * How many threads to keep busy, 1 to 8: the pool is given one member more, so that none waits for the
   * next. It has 4 threads unless `UV_THREADPOOL_SIZE` says otherwise. @default one more than there are
   * CPUs, which `npm run bench -- gzip` shows to be faster than as many; at most 8
   */
  readonly concurrency?: number | undefined;
  /** What compresses a member. @default zlib on the thread pool, at `level` */
  readonly deflate?: Deflate | undefined;
}

/** A member on its way: it is compressed, or waits for those before it, or for the reader. */
interface Job {
  readonly facts: MemberFacts;
  /** Deflate data and trailer, once it is done. */
  deflated: Buffer | undefined;
}

/** Members that are still to be cut of what was written. */
interface Input {
  readonly members: Iterator<RawMember>;
  /** The archive goes on behind it, or it is the last, which is done when every member was given. */
  readonly place: 'amid' | 'last';
  readonly callback: TransformCallback;
}

/**
 * The bytes of an archive in, in chunks of any size; gzip of many members out (docs/format-gzip.md), which
 * decompresses to exactly these bytes, whatever they are. Members are cut where frames or lines end, and
 * compressed several at a time on the thread pool. At most `concurrency + 1` are in memory, compressed
 * or not, and each is of at most 4 times `memberBytes`, however slow the reader.
 */
export class SeekableGzip extends Transform {
  readonly #cutter: MemberCutter;
  readonly #deflate: Deflate;
  readonly #concurrency: number;
  readonly #index = new BoundedEntries(MAX_MEMBER_ENTRIES, mergeMemberEntries);
  readonly #abort = new AbortController();
  #input: Input | undefined;
  /** In the order of the archive. */
  #jobs: Job[] = [];
  /** What the last `push` said, until `_read` asks for more. */
  #isWanted = true;

  /** @throws RangeError for an option that is out of its range */
  constructor(options: SeekableGzipOptions = {}) {
    super();
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
    this.#input = { members: this.#cutter.cut(chunk), place: 'amid', callback };
    this.#advance();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#advance();
  }

  override _flush(callback: TransformCallback): void {
    this.#input = { members: this.#cutter.end(), place: 'last', callback };
    this.#advance();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#abort.abort();
    this.#jobs = [];
    this.#input = undefined;
    callback(error);
  }

  /** Does all that can be done now. The callback comes last: it may bring the next input at once. */
  #advance(): void {
    this.#give();
    this.#take()?.();
  }

  /** Gives members, in their order, as far as they are ready and wanted. */
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
   * Cuts members of the input. Returns its callback when there are no more; until then it is held, so that
   * whoever writes waits, for the compression as for the reader.
   */
  #take(): TransformCallback | undefined {
    while (this.#input !== undefined && this.#jobs.length <= this.#concurrency) {
      const { callback, members, place } = this.#input;
      const { done, value } = members.next();
      if (!done) {
        this.#start(value);
        continue;
      }
      if (place === 'last' && this.#jobs.length > 0) return undefined;
      // Before anything is pushed: a reader that is told of it may call back.
      this.#input = undefined;
      if (place === 'last') this.#giveEnd();
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
      // After an abort this is known: a destroyed stream takes no second error.
      (error) => this.destroy(error),
    );
  }

  /** The member index and the last member; they are small, so they are given whether wanted or not. */
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

/** The share of the input that one output buffer holds. Each buffer costs a trip to a thread and back. */
const OUTPUT_SHARE = 1 / 4;
const LEAST_OUTPUT_BYTES = 2 ** 12;

/**
 * Compresses on libuv's thread pool, checksum included. After the signal has aborted, zlib only finishes
 * the call that is running.
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
  throw new RangeError(`${name} is ${value}, expected a whole number from ${least} to ${most}`);
}
