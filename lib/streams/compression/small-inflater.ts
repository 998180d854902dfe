import { crc32 } from 'node:zlib';

import { openSmallMember } from '../../codec/compression/gzip/small-member.js';
import { LARGEST_SMALL_MEMBER } from '../../format/seekable-gzip.js';

/** The part of zlib-sync's `Inflate` that is used here. */
interface SyncInflate {
  readonly err: number;
  /** A copy of the output of the last `push`; null after an error. */
  readonly result: unknown;
  push(input: Buffer, flush: number): void;
}

/** Creates an inflater of raw deflate data. */
export type CreateSyncInflate = () => SyncInflate;

/** Z_SYNC_FLUSH of zlib: all output that the input gives. */
const SYNC_FLUSH = 2;
const OK = 0;

/** Deflate data without a header (RFC 1951), with the largest window. */
const RAW_WINDOW_BITS = -15;

/** One buffer holds what any small member inflates to. */
const OUTPUT_BYTES = LARGEST_SMALL_MEMBER + 1024;

/**
 * How much is inflated at a time. It bounds what hostile data inflate to before their size shows
 * that they are damaged: 4 MiB.
 */
const INPUT_BYTES = 4096;

/**
 * zlib-sync never frees an inflater (10.7 KB and its output). A damaged member costs one; hostile
 * files must not cost more than these.
 */
const MOST_INFLATERS = 4;

/**
 * Inflates small members in place, by one inflater of the package zlib-sync that continues from
 * member to member. The package never frees an inflater, cannot reset one, and ends the process
 * when its input is no Buffer: only this file calls it.
 *
 * The inflater remembers the last 32 KiB of other members. Data that refer to them are damaged, and
 * their checksum says so.
 */
export class SmallInflater {
  readonly #create: CreateSyncInflate;
  #inflate: SyncInflate | undefined;
  #inflaters = 0;

  constructor(create: CreateSyncInflate) {
    this.#create = create;
  }

  /**
   * Inflates a whole data member, and checks it.
   *
   * @param rawBytes the size that the member's header states
   * @returns null if it is damaged, or not a small member; `node:zlib` must inflate it
   */
  inflate(member: Buffer, rawBytes: number): Buffer | null {
    if (rawBytes > LARGEST_SMALL_MEMBER) return null;
    const small = openSmallMember(member);
    const inflate = small === null ? undefined : (this.#inflate ?? this.#next());
    if (small === null || inflate === undefined) return null;
    const raw = inflateUpTo(rawBytes, small.deflated, inflate);
    const isGood = raw?.length === rawBytes && small.rawBytes === rawBytes;
    if (isGood && crc32(raw) === small.crc) return raw;
    // After damage, the state of the inflater is unknown.
    this.#inflate = undefined;
    return null;
  }

  #next(): SyncInflate | undefined {
    if (this.#inflaters === MOST_INFLATERS) return undefined;
    this.#inflaters++;
    this.#inflate = this.#create();
    return this.#inflate;
  }
}

/** Null if the data are damaged, or inflate to more bytes. */
function inflateUpTo(most: number, deflated: Buffer, inflate: SyncInflate): Buffer | null {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for (let at = 0; at < deflated.length; at += INPUT_BYTES) {
    inflate.push(deflated.subarray(at, at + INPUT_BYTES), SYNC_FLUSH);
    const piece = inflate.err === OK ? inflate.result : null;
    if (!Buffer.isBuffer(piece)) return null;
    bytes += piece.length;
    if (bytes > most) return null;
    pieces.push(piece);
  }
  const [first] = pieces;
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
}

let loading: Promise<SmallInflater | null> | undefined;

/** The inflater of this thread; null if zlib-sync is not installed. */
export function loadSmallInflater(): Promise<SmallInflater | null> {
  loading ??= createSmallInflater();
  return loading;
}

/** A new inflater; null if zlib-sync is not installed. */
export async function createSmallInflater(): Promise<SmallInflater | null> {
  try {
    // Bundlers cannot bundle native code: they find no name here.
    const name: string = ['zlib', 'sync'].join('-');
    const { default: zlib }: typeof import('zlib-sync') & { default: typeof import('zlib-sync') } =
      await import(/* webpackIgnore: true */ name);
    const options = { windowBits: RAW_WINDOW_BITS, chunkSize: OUTPUT_BYTES };
    return new SmallInflater(() => new zlib.Inflate(options));
  } catch {
    // It is optional: not installed, or not built for this system.
    return null;
  }
}
