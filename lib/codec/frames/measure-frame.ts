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

/** The facts that a frame's header states. */
export interface MeasuredFrame {
  /** The size of the whole frame, including its header. */
  readonly bytes: number;
  /**
   * `records`: a block of version 2, described by `header`. `record`: one of version 1. `none`: no
   * records. `unknown`: perhaps some, because the version or kind is unknown, or the header is
   * impossible.
   */
  readonly holds: 'records' | 'record' | 'none' | 'unknown';
  readonly header: FrameHeader | null;
}

/**
 * Measures the frame that `head` begins with, by its header alone. Decoding checks the body.
 *
 * @returns how many bytes it needs if `head` has fewer; null if `head` does not begin with a frame
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
  // NaN, which stands for a number beyond 53 bits, makes this false.
  const isPossible = Number.isSafeInteger(sequence + records) && earliestMicros <= latestMicros;
  return header.kind === KIND_RECORDS && records > 0 && isPossible ? 'records' : 'unknown';
}
