import { type FrameHeader, readFrameHeader } from '../../codec/version-2/frame-header.js';
import {
  headerFault,
  isHeaderWhole,
  magicFault,
} from '../../codec/version-2/frame-header-check.js';
import { PREAMBLE_BYTES, VERSION_OFFSET } from '../../format/preamble.js';
import { HEADER_BYTES, KIND_RECORDS, VERSION_2 } from '../../format/version-2.js';
import type { ArchiveSource } from '../../series/opening/archive-source.js';

/** After a frame up to this size, more than the next header is read: the frames may all be small. */
const SMALL_FRAME_BYTES = 4096;
const READ_BYTES = 64 * 2 ** 10;

/**
 * The offset of the first block that may be wanted, in an uncompressed file without an index, such
 * as an archive that is still open. Reads only headers, and trusts their lengths.
 *
 * @returns the offset of the first frame that it cannot pass over; 0 if the file is not one of whole
 *   frames up to there
 */
export async function findFirstBlock(
  source: ArchiveSource,
  isWanted: (header: FrameHeader) => boolean,
): Promise<number> {
  const size = await source.size();
  let [offset, begin] = [0, 0];
  let bytes: Buffer = Buffer.alloc(0);
  let readBytes = HEADER_BYTES;
  while (offset + HEADER_BYTES <= size) {
    if (offset + HEADER_BYTES > begin + bytes.length) {
      begin = offset;
      bytes = await source.read({ start: begin, end: begin + readBytes });
    }
    const header = headerAt(bytes.subarray(offset - begin));
    // A version-1 record, or damage, which the reader of the whole file reports.
    if (header === null) return 0;
    if (header.kind === KIND_RECORDS && isWanted(header)) return offset;
    const frameBytes = HEADER_BYTES + header.storedBytes;
    // A torn frame may be written on, or be reported as damage.
    if (offset + frameBytes > size) return offset;
    readBytes = frameBytes <= SMALL_FRAME_BYTES ? READ_BYTES : HEADER_BYTES;
    offset += frameBytes;
  }
  if (offset === size) return offset;
  // Less than a header: one that is being written, or a short record of version 1.
  const rest = await source.read({ start: offset, end: offset + HEADER_BYTES });
  return isVersion2(rest) ? offset : 0;
}

/** The header of a frame of version 2; null if it is none, or is damaged. */
function headerAt(bytes: Buffer): FrameHeader | null {
  if (bytes.length < HEADER_BYTES || !isVersion2(bytes) || !isHeaderWhole(bytes)) return null;
  const header = readFrameHeader(bytes);
  return headerFault(header, Number.MAX_SAFE_INTEGER) === null ? header : null;
}

function isVersion2(bytes: Buffer): boolean {
  const hasVersion = bytes.length >= PREAMBLE_BYTES && magicFault(bytes) === null;
  return hasVersion && bytes.readInt16LE(VERSION_OFFSET) === VERSION_2;
}
