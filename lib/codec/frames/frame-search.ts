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
import { isHeaderWhole, magicFault, mostBodyBytes } from '../version-2/frame-header-check.js';
import type { InputEnd } from './input-end.js';
import type { KnownWriters } from './known-writers.js';

export interface FrameSearchOptions {
  readonly queue: ByteQueue;
  readonly writers: KnownWriters;
  readonly maxRecordBytes: number;
  readonly maxBodyBytes: number;
}

/** A number: how many bytes the queue must have before a verdict. */
type Verdict = 'accepted' | 'refused' | number;

const MAGIC = Buffer.from(MAGIC_BYTES);

/**
 * Searches for the next frame after a bad header (docs/format.md, "Damage"). It drops bytes that
 * cannot begin a frame at once, and keeps those of a candidate until there is a verdict: at most
 * one frame and the header after it. It reads the header of a candidate a few times, whatever
 * length that claims, so hostile bytes cannot make a search slow.
 */
export class FrameSearch {
  readonly #options: FrameSearchOptions;
  #admitsVersion1 = true;
  /** How many bytes the queue must have before a verdict on the candidate. */
  #awaited = 0;

  constructor(options: FrameSearchOptions) {
    this.#options = options;
  }

  /** Starts after the bad header, which is next in the queue. */
  begin(archive: { readonly isLaterOnly: boolean }): void {
    const { queue } = this.#options;
    const preamble = queue.peek(Math.min(queue.length, PREAMBLE_BYTES));
    const hasVersion = preamble.length === PREAMBLE_BYTES && magicFault(preamble) === null;
    const version = hasVersion ? preamble.readInt16LE(VERSION_OFFSET) : undefined;
    // A version-1 frame in a payload looks like one of the archive, so a search never accepts one
    // in what may be the body of a block.
    this.#admitsVersion1 = version === VERSION_1 || (version !== VERSION_2 && !archive.isLaterOnly);
    this.#awaited = 0;
    queue.skip(1);
  }

  /**
   * Continues with the bytes in the queue. Returns true if an accepted frame is next in the queue.
   *
   * @param end undefined while bytes may follow
   */
  findFrame(end: InputEnd | undefined): boolean {
    const { queue } = this.#options;
    const hasEnded = end !== undefined;
    while (queue.length >= this.#awaited || hasEnded) {
      queue.skip(queue.find(MAGIC));
      if (queue.length === 0) {
        this.#awaited = 1;
        return false;
      }
      const verdict = this.#judge(end);
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

  #judge(end: InputEnd | undefined): Verdict {
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
    // A frame that ends where the input was cut off is not the last one of its archive.
    const isLast = end?.isWhole && queue.length === bytes;
    return isLast ? 'accepted' : this.#judgeNext(bytes);
  }

  /** Whether a good header is `at` bytes from the front, where the candidate ends. */
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

  /** The length of the header `at` bytes from the front, or of a preamble until that has come. */
  #headerBytesAt(at: number): number | 'refused' {
    const { queue } = this.#options;
    if (queue.length < at + PREAMBLE_BYTES) return PREAMBLE_BYTES;
    const preamble = queue.peek(PREAMBLE_BYTES, at);
    if (MAGIC.compare(preamble, 0, MAGIC.length) !== 0) return 'refused';
    const version = preamble.readInt16LE(VERSION_OFFSET);
    if (version < VERSION_1) return 'refused';
    return version === VERSION_1 ? V1_HEADER_BYTES : HEADER_BYTES;
  }

  /** The length of the candidate as a version-1 frame. */
  #version1Bytes(): number | 'refused' {
    const { maxRecordBytes, queue } = this.#options;
    const header = queue.peek(V1_HEADER_BYTES);
    if (!this.#admitsVersion1 || version1HeaderFault(header, maxRecordBytes) !== null) {
      return 'refused';
    }
    const { metadataBytes, payloadBlockBytes } = readVersion1Lengths(header);
    return V1_HEADER_BYTES + metadataBytes + payloadBlockBytes;
  }

  /** The length of the candidate as a frame of version 2 or later. */
  #laterBytes(): number | 'refused' {
    const { maxBodyBytes, queue, writers } = this.#options;
    const bytes = queue.peek(HEADER_BYTES);
    if (!isHeaderWhole(bytes)) return 'refused';
    const header = readFrameHeader(bytes);
    // A frame that is too large could not be kept until there is a verdict.
    const isTooLarge = header.storedBytes > mostBodyBytes(header, maxBodyBytes);
    if (isTooLarge || !writers.admits(header, queue.offset)) return 'refused';
    return HEADER_BYTES + header.storedBytes;
  }
}
