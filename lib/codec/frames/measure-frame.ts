import { LARGEST_RECORD_BYTES } from '../../format/limits.js';
import { PREAMBLE_BYTES, VERSION_OFFSET } from '../../format/preamble.js';
import { V1_HEADER_BYTES, VERSION_1 } from '../../format/version-1.js';
import {
  FIRST_SKIPPABLE_KIND,
  HEADER_BYTES,
  KIND_INDEX,
  KIND_RECORDS,
  VERSION_2,
} from '../../format/version-2.js';
import { readVersion1Lengths, version1HeaderFault } from '../version-1/version-1-record.js';
import { type FrameHeader, readFrameHeader } from '../version-2/frame-header.js';
import { isHeaderWhole, magicFault } from '../version-2/frame-header-check.js';

/** What the header of a frame says of it. */
export interface MeasuredFrame {
  /** All of it, its header included. */
  readonly bytes: number;
  /**
   * `records` of version 2, told of by `header`; a `record` of version 1; `none`; or `unknown`, where a
   * later version may hold some.
   */
  readonly holds: 'records' | 'record' | 'none' | 'unknown';
  readonly header: FrameHeader | null;
}

/**
 * Measures the frame that `head` begins with, by its header alone: whether its body holds what that says
 * is for who decodes it.
 *
 * @returns how many bytes of it are needed where there are fewer, or null where it is no frame
 */
export function measureFrame(head: Buffer): MeasuredFrame | number | null {
  if (magicFault(head) !== null) return null;
  if (head.length < PREAMBLE_BYTES) return PREAMBLE_BYTES;
  const version = head.readInt16LE(VERSION_OFFSET);
  if (version < VERSION_1) return null;
  const headerBytes = version === VERSION_1 ? V1_HEADER_BYTES : HEADER_BYTES;
  if (head.length < headerBytes) return headerBytes;
  return version === VERSION_1 ? measureVersion1(head) : measureLater(head);
}

function measureVersion1(head: Buffer): MeasuredFrame | null {
  if (version1HeaderFault(head, LARGEST_RECORD_BYTES) !== null) return null;
  const { metadataBytes, payloadBlockBytes } = readVersion1Lengths(head);
  const bytes = V1_HEADER_BYTES + metadataBytes + payloadBlockBytes;
  return { bytes, holds: 'record', header: null };
}

function measureLater(head: Buffer): MeasuredFrame | null {
  if (!isHeaderWhole(head)) return null;
  const header = readFrameHeader(head);
  return { bytes: HEADER_BYTES + header.storedBytes, holds: holdsOf(header), header };
}

function holdsOf(header: FrameHeader): MeasuredFrame['holds'] {
  if (header.kind >= FIRST_SKIPPABLE_KIND) return 'none';
  if (header.version !== VERSION_2) return 'unknown';
  if (header.kind === KIND_INDEX) return 'none';
  const { sequence, records, earliestMicros, latestMicros } = header;
  // Put so that NaN, which stands for a number beyond 53 bits, is not taken.
  const isPossible = Number.isSafeInteger(sequence + records) && earliestMicros <= latestMicros;
  return header.kind === KIND_RECORDS && records > 0 && isPossible ? 'records' : 'unknown';
}
