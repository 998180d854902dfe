import { crc32 } from 'node:zlib';

import { DamageError } from '../../errors/damage-error.js';
import { LARGEST_BLOCK_BYTES } from '../../format/limits.js';
import { PREAMBLE_BYTES, VERSION_OFFSET } from '../../format/preamble.js';
import { V1_HEADER_BYTES, VERSION_1 } from '../../format/version-1.js';
import { FIRST_SKIPPABLE_KIND, HEADER_BYTES, KIND_INDEX } from '../../format/version-2.js';
import { ByteQueue } from '../bytes/byte-queue.js';
import { hex32 } from '../bytes/hex32.js';
import { parseMaxRecordBytes } from '../records/record-encoder.js';
import {
  readVersion1Lengths,
  type Version1Lengths,
  version1BodyFault,
  version1HeaderFault,
} from '../version-1/version-1-record.js';
import { type FrameHeader, readFrameHeader } from '../version-2/frame-header.js';
import {
  type FrameFault,
  headerCrcFault,
  headerFault,
  isHeaderWhole,
  magicFault,
  versionFault,
} from '../version-2/frame-header-check.js';
import type { DamageOptions } from './damage-options.js';
import { DamageSkipper } from './damage-skipper.js';
import { type InputEnd, WHOLE_INPUT } from './input-end.js';
import type { WriterList } from './known-writers.js';
import { isProven } from './proven-frames.js';

/** A whole frame. It is valid as far as a check without opening it can show. */
export type ScannedFrame = VersionOneFrame | LaterFrame;

interface FrameBytes {
  /** Where the frame begins: bytes from the start of the archive. */
  readonly offset: number;
  readonly version: number;
  /** The whole frame, including its header. */
  readonly bytes: Buffer;
}

interface VersionOneFrame extends FrameBytes {
  readonly header: null;
  readonly lengths: Version1Lengths;
}

export interface LaterFrame extends FrameBytes {
  readonly header: FrameHeader;
}

export interface FrameScannerOptions extends DamageOptions {
  /**
   * Called for each frame with good checksums. If it throws a `DamageError`, the frame is damaged.
   */
  readonly inspect?: ((frame: ScannedFrame) => void) | undefined;
  /** A queue that the caller fills instead of calling `push`. */
  readonly queue?: ByteQueue | undefined;
}

/** A frame with a good header, whose body is incomplete so far. */
type PendingFrame =
  | { readonly bytes: number; readonly header: null; readonly lengths: Version1Lengths }
  | { readonly bytes: number; readonly header: FrameHeader };

/**
 * Splits the bytes of an archive, in chunks of any size, into whole valid frames. Of version 2 and
 * later both checksums are good; of version 1 all lengths agree. Bodies of skippable kinds are not
 * checked. Pure and synchronous. It keeps only the bytes of an incomplete frame.
 */
export class FrameScanner {
  readonly #options: FrameScannerOptions;
  readonly #queue: ByteQueue;
  readonly #maxRecordBytes: number;
  /** The largest body of version 2. */
  readonly #maxBodyBytes: number;
  readonly #skipper: DamageSkipper;
  #pending: PendingFrame | undefined;
  /** The checksums of bodies are proven up to this offset. */
  #provenEnd = 0;
  #end: InputEnd | undefined;
  /** Whether the damage of the input was reported. */
  #isOver = false;

  constructor(options: FrameScannerOptions = {}) {
    this.#options = options;
    this.#queue = options.queue ?? new ByteQueue();
    this.#maxRecordBytes = parseMaxRecordBytes(options.maxRecordBytes);
    this.#maxBodyBytes = this.#maxRecordBytes + LARGEST_BLOCK_BYTES;
    const { archive, onDamage, tornTail, writers } = options;
    this.#skipper = new DamageSkipper({
      ...{ archive, onDamage, tornTail },
      writers: options.whenDamaged === 'skip' ? writers : undefined,
      queue: this.#queue,
      maxRecordBytes: this.#maxRecordBytes,
      maxBodyBytes: this.#maxBodyBytes,
    });
  }

  push(chunk: Buffer): void {
    this.#queue.push(chunk);
  }

  /** Call this after the last `push`, and before lost bytes. */
  end(end: InputEnd = WHOLE_INPUT): void {
    this.#end ??= end;
  }

  /** Whether `next` waits for `giveWriters`. */
  get needsWriters(): boolean {
    return this.#skipper.needsWriters;
  }

  /** Gives the writers that were `on demand`. */
  giveWriters(writers: WriterList): void {
    this.#skipper.giveWriters(writers);
  }

  /**
   * The next frame; null if it needs more bytes or, after `end`, if there are no more frames.
   *
   * @throws DamageError unless damage is skipped
   */
  next(): ScannedFrame | null {
    while (this.#skipper.hasPassed(this.#end)) {
      const frame = this.#readOrLose();
      if (frame === 'lost') continue;
      if (frame !== null) this.#pass(frame);
      else this.#finish();
      return frame;
    }
    return null;
  }

  #readOrLose(): ScannedFrame | null | 'lost' {
    try {
      const frame = this.#readFrame();
      if (frame !== null) this.#options.inspect?.(frame);
      return frame;
    } catch (error) {
      const header = this.#pending?.header ?? null;
      this.#pending = undefined;
      // A search may find frames amid those that were proven.
      this.#provenEnd = 0;
      if (!(error instanceof DamageError)) throw error;
      if (this.#options.whenDamaged === 'skip') {
        this.#skipper.loseFrame(error.reason, header);
        return 'lost';
      }
      if (this.#isTornTail(error, header)) return null;
      throw error;
    }
  }

  /**
   * Whether the archive may end with this damage, because it is still being written. It may not if
   * a frame follows: then a length is wrong. Drops the bytes up to there.
   */
  #isTornTail(error: DamageError, header: FrameHeader | null): boolean {
    const isOpen = this.#options.tornTail === 'end' && this.#end?.isWhole === true;
    if (!isOpen || error.reason !== 'torn') return false;
    const { length } = this.#queue;
    if (header !== null) this.#queue.skip(length);
    else this.#skipper.loseFrame('torn', null);
    return header !== null || (this.#skipper.hasPassed(this.#end) && this.#queue.length === 0);
  }

  #finish(): void {
    if (this.#end === undefined || this.#isOver) return;
    const { damage = 'torn', resumesAt } = this.#end;
    if (resumesAt !== undefined) {
      this.#skipper.passLost(damage, resumesAt);
      this.#end = undefined;
      return;
    }
    this.#isOver = true;
    this.#skipper.end(this.#end);
  }

  /** Returns the next frame and leaves it in the queue; null if it needs more bytes. */
  #readFrame(): ScannedFrame | null {
    if (!this.#has(PREAMBLE_BYTES)) return null;
    this.#pending ??= this.#readHeader();
    const pending = this.#pending;
    if (pending === undefined || !this.#has(pending.bytes)) return null;
    if (pending.header === null) this.#checkVersion1(pending.lengths);
    const { offset, firstChunk } = this.#queue;
    if (offset >= this.#provenEnd && isProven(firstChunk)) {
      this.#provenEnd = offset + firstChunk.length;
    }
    const isLarge = pending.bytes > LARGEST_BLOCK_BYTES;
    // Before the bytes are copied: a header may claim a gigabyte of a sparse file.
    if (pending.header !== null && isLarge) {
      this.#checkBody(pending.header, this.#queue.crc32(HEADER_BYTES, pending.bytes));
    }
    const bytes = this.#queue.peek(pending.bytes);
    if (pending.header === null) {
      return { offset, version: VERSION_1, bytes, header: null, lengths: pending.lengths };
    }
    const isUnchecked = !isLarge && offset >= this.#provenEnd;
    if (isUnchecked) this.#checkBody(pending.header, crc32(bytes.subarray(HEADER_BYTES)));
    return { offset, version: pending.header.version, bytes, header: pending.header };
  }

  /** Whether the queue has `count` bytes. Throws if the archive ended amid a frame. */
  #has(count: number): boolean {
    const { length } = this.#queue;
    if (length >= count) return true;
    if (this.#end === undefined || length === 0) return false;
    this.#checkMagic(this.#queue.peek(Math.min(length, PREAMBLE_BYTES)));
    const reason = this.#end.isWhole ? 'torn' : (this.#end.damage ?? 'torn');
    const [expected, found] = [`${count} bytes`, `the end after ${length}`];
    return this.#fail({ reason, what: 'frame', at: 0, expected, found });
  }

  #readHeader(): PendingFrame | undefined {
    const preamble = this.#queue.peek(PREAMBLE_BYTES);
    this.#checkMagic(preamble);
    const version = preamble.readInt16LE(VERSION_OFFSET);
    if (version < VERSION_1) this.#fail(versionFault(version));
    if (version === VERSION_1) {
      if (!this.#has(V1_HEADER_BYTES)) return undefined;
      const bytes = this.#queue.peek(V1_HEADER_BYTES);
      const fault = version1HeaderFault(bytes, this.#maxRecordBytes);
      if (fault !== null) this.#fail({ what: 'record', ...fault });
      const lengths = readVersion1Lengths(bytes);
      const rest = lengths.metadataBytes + lengths.payloadBlockBytes;
      return { bytes: V1_HEADER_BYTES + rest, header: null, lengths };
    }
    if (!this.#has(HEADER_BYTES)) return undefined;
    const bytes = this.#queue.peek(HEADER_BYTES);
    if (!isHeaderWhole(bytes)) this.#fail(headerCrcFault(bytes));
    const header = readFrameHeader(bytes);
    // From here on the length is trusted, even if the frame is refused.
    this.#pending = { bytes: HEADER_BYTES + header.storedBytes, header };
    const fault = headerFault(header, this.#maxBodyBytes);
    if (fault !== null) this.#fail(fault);
    return this.#pending;
  }

  #checkVersion1(lengths: Version1Lengths): void {
    const fault = version1BodyFault((at) => this.#queue.readInt32LE(at), lengths);
    if (fault !== null) this.#fail({ what: 'record', ...fault });
  }

  #checkBody(header: FrameHeader, crc: number): void {
    if (header.kind >= FIRST_SKIPPABLE_KIND) return;
    if (crc === header.bodyCrc) return;
    const what = header.kind === KIND_INDEX ? 'index' : 'block';
    const [expected, found] = [`body checksum ${hex32(header.bodyCrc)}`, hex32(crc)];
    this.#fail({ reason: 'bad-checksum', what, at: 0, expected, found });
  }

  #checkMagic(bytes: Buffer): void {
    const fault = magicFault(bytes);
    if (fault !== null) this.#fail(fault);
  }

  #fail({ at, ...damage }: FrameFault): never {
    const offset = this.#queue.offset + at;
    throw new DamageError({ ...damage, offset }, this.#options.archive);
  }

  #pass(frame: ScannedFrame): void {
    this.#queue.skip(frame.bytes.length);
    this.#pending = undefined;
    this.#skipper.passFrame(frame.header, frame.offset);
  }
}
