import { MAGIC_BYTES, PREAMBLE_BYTES, VERSION_OFFSET } from '../../format/preamble.js';
import { V1_HEADER_BYTES, VERSION_1 } from '../../format/version-1.js';
import { HEADER_BYTES, VERSION_2 } from '../../format/version-2.js';
import type { ByteQueue } from '../bytes/byte-queue.js';
import {
  readVersion1Lengths,
  version1BodyFault,
  version1HeaderFault,
} from '../version-1/version-1-record.js';
import { readFrameHeader } from '../version-2/frame-header.js';
import { isHeaderWhole, magicFault } from '../version-2/frame-header-check.js';
import type { KnownWriters } from './known-writers.js';

export interface FrameSearchOptions {
  readonly queue: ByteQueue;
  readonly writers: KnownWriters;
  readonly maxRecordBytes: number;
  readonly maxBodyBytes: number;
}

/** Or how many bytes must be there for a verdict. */
type Verdict = 'accepted' | 'refused' | number;

const MAGIC = Buffer.from(MAGIC_BYTES);

/**
 * Searches for the next frame behind a bad header (docs/format.md, "Damage"). Bytes that cannot begin a
 * frame are dropped as they come; those of a candidate are kept until it is settled, at most one frame
 * and the header behind it. Every candidate costs the same few looks, whatever length it claims.
 */
export class FrameSearch {
  readonly #options: FrameSearchOptions;
  #admitsVersion1 = true;
  /** Before that many bytes are there, there is no verdict on the candidate. */
  #awaited = 0;

  constructor(options: FrameSearchOptions) {
    this.#options = options;
  }

  /** Begins behind the bad header, which is next in the queue. */
  begin(archive: { readonly isLaterOnly: boolean }): void {
    const { queue } = this.#options;
    const preamble = queue.peek(Math.min(queue.length, PREAMBLE_BYTES));
    const hasVersion = preamble.length === PREAMBLE_BYTES && magicFault(preamble) === null;
    const version = hasVersion ? preamble.readInt16LE(VERSION_OFFSET) : undefined;
    // Nothing tells the archive's own frames of version 1 from those in a payload: in the body of a block
    // they are not looked for.
    this.#admitsVersion1 = version === VERSION_1 || (version !== VERSION_2 && !archive.isLaterOnly);
    this.#awaited = 0;
    queue.skip(1);
  }

  /** Goes on with what has come. When it returns true, a frame that is accepted is next in the queue. */
  findFrame(hasEnded: boolean): boolean {
    const { queue } = this.#options;
    while (queue.length >= this.#awaited || hasEnded) {
      queue.skip(queue.find(MAGIC));
      if (queue.length === 0) {
        this.#awaited = 1;
        return false;
      }
      const verdict = this.#judge(hasEnded);
      if (verdict === 'accepted') return true;
      if (verdict === 'refused' || hasEnded) {
        queue.skip(1);
        this.#awaited = 0;
      } else {
        this.#awaited = verdict;
      }
    }
    return false;
  }

  #judge(hasEnded: boolean): Verdict {
    const { queue } = this.#options;
    const headerBytes = this.#headerBytesAt(0);
    if (typeof headerBytes !== 'number' || queue.length < headerBytes) return headerBytes;
    const isVersion1 = headerBytes === V1_HEADER_BYTES;
    const bytes = isVersion1 ? this.#version1Bytes() : this.#laterBytes();
    if (bytes === 'refused' || queue.length < bytes) return bytes;
    if (isVersion1) {
      const lengths = readVersion1Lengths(queue.peek(V1_HEADER_BYTES));
      if (version1BodyFault((at) => queue.readInt32LE(at), lengths) !== null) return 'refused';
    }
    return hasEnded && queue.length === bytes ? 'accepted' : this.#judgeNext(bytes);
  }

  /** Whether a good header stands `at` bytes away, where the candidate ends. */
  #judgeNext(at: number): Verdict {
    const { maxRecordBytes, queue } = this.#options;
    const headerBytes = this.#headerBytesAt(at);
    if (headerBytes === 'refused') return 'refused';
    if (queue.length < at + headerBytes) return at + headerBytes;
    const header = queue.peek(headerBytes, at);
    const isGood =
      headerBytes === V1_HEADER_BYTES
        ? version1HeaderFault(header, maxRecordBytes) === null
        : isHeaderWhole(header);
    return isGood ? 'accepted' : 'refused';
  }

  /** How long the header is that begins `at` bytes away; as much as tells it where that is not there. */
  #headerBytesAt(at: number): number | 'refused' {
    const { queue } = this.#options;
    if (queue.length < at + PREAMBLE_BYTES) return PREAMBLE_BYTES;
    const preamble = queue.peek(PREAMBLE_BYTES, at);
    if (MAGIC.compare(preamble, 0, MAGIC.length) !== 0) return 'refused';
    const version = preamble.readInt16LE(VERSION_OFFSET);
    if (version < VERSION_1) return 'refused';
    return version === VERSION_1 ? V1_HEADER_BYTES : HEADER_BYTES;
  }

  /** The length of a version-1 frame whose header may be one. */
  #version1Bytes(): number | 'refused' {
    const { maxRecordBytes, queue } = this.#options;
    const header = queue.peek(V1_HEADER_BYTES);
    if (!this.#admitsVersion1 || version1HeaderFault(header, maxRecordBytes) !== null) {
      return 'refused';
    }
    const { metadataBytes, payloadBlockBytes } = readVersion1Lengths(header);
    return V1_HEADER_BYTES + metadataBytes + payloadBlockBytes;
  }

  /** The length of a frame of version 2 or later that may be one of this archive. */
  #laterBytes(): number | 'refused' {
    const { maxBodyBytes, queue, writers } = this.#options;
    const bytes = queue.peek(HEADER_BYTES);
    if (!isHeaderWhole(bytes)) return 'refused';
    const header = readFrameHeader(bytes);
    // One that is too large could not be held until it is settled.
    if (header.storedBytes > maxBodyBytes || !writers.admits(header)) return 'refused';
    return HEADER_BYTES + header.storedBytes;
  }
}
