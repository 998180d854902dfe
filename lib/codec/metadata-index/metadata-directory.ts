import { crc32 } from 'node:zlib';

import {
  MAX_INDEXED_KEY_BYTES,
  MAX_INDEXED_KEYS,
  MAX_INDEXED_RUNS,
  MAX_METADATA_INDEX_BYTES,
  METADATA_INDEX_END_BYTES,
} from '../../format/metadata-index.js';
import { HEADER_BYTES } from '../../format/version-2.js';
import { BAD_VARINT, VarintReader } from '../bytes/varint-reader.js';

/** The size of a metadata index, as its last bytes state it. */
export interface MetadataIndexEnd {
  readonly frameBytes: number;
  readonly directoryBytes: number;
  readonly directoryCrc: number;
}

/** Where the section of a key is. */
export interface SectionEntry {
  readonly key: Buffer;
  /** Bytes from the start of the frame. */
  readonly begin: number;
  readonly end: number;
  readonly crc: number;
}

/** The content of a metadata index, and the offsets of its parts. */
export interface MetadataDirectory {
  /** Where each run begins: ascending, bytes from the start of the archive. */
  readonly runs: readonly number[];
  readonly sections: readonly SectionEntry[];
}

/**
 * Reads the last fields of a metadata index.
 *
 * @param last its last 12 bytes
 * @param mostBytes how many bytes of the archive precede its end
 * @returns null if they are not those of a metadata index
 */
export function readMetadataIndexEnd(last: Buffer, mostBytes: number): MetadataIndexEnd | null {
  if (last.length !== METADATA_INDEX_END_BYTES) return null;
  const directoryBytes = last.readUInt32LE(0);
  const directoryCrc = last.readUInt32LE(4);
  const frameBytes = last.readUInt32LE(8);
  const most = Math.min(mostBytes, HEADER_BYTES + MAX_METADATA_INDEX_BYTES);
  const least = HEADER_BYTES + directoryBytes + METADATA_INDEX_END_BYTES;
  return frameBytes < least || frameBytes > most
    ? null
    : { frameBytes, directoryBytes, directoryCrc };
}

/**
 * Decodes the directory of a metadata index.
 *
 * @param archiveBytes the size of the archive before the frame
 * @returns null if its checksum is wrong, or it is invalid
 */
export function decodeMetadataDirectory(
  bytes: Buffer,
  { directoryBytes, directoryCrc, frameBytes }: MetadataIndexEnd,
  archiveBytes: number,
): MetadataDirectory | null {
  if (bytes.length !== directoryBytes || crc32(bytes) !== directoryCrc) return null;
  const reader = new VarintReader(bytes);
  const runs = readRuns(reader, archiveBytes);
  if (runs === null) return null;
  const sections = readSections(reader, bytes);
  const end = sections?.at(-1)?.end ?? HEADER_BYTES;
  const isFilled = end + directoryBytes + METADATA_INDEX_END_BYTES === frameBytes;
  return sections !== null && isFilled ? { runs, sections } : null;
}

function readRuns(reader: VarintReader, archiveBytes: number): number[] | null {
  const count = reader.readUnsigned();
  if (count < 1 || count > MAX_INDEXED_RUNS) return null;
  const runs: number[] = [];
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const distance = reader.readUnsigned();
    const isAscending = i === 0 ? distance === 0 : distance > 0;
    offset += distance;
    if (!isAscending || offset >= archiveBytes) return null;
    runs.push(offset);
  }
  return runs;
}

function readSections(reader: VarintReader, bytes: Buffer): SectionEntry[] | null {
  const count = reader.readUnsigned();
  if (count === BAD_VARINT || count > MAX_INDEXED_KEYS) return null;
  const sections: SectionEntry[] = [];
  let begin = HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    const keyBytes = reader.readUnsigned();
    const keyBegin = reader.position;
    if (keyBytes === BAD_VARINT || keyBytes > MAX_INDEXED_KEY_BYTES) return null;
    reader.position = keyBegin + keyBytes;
    const sectionBytes = reader.readUnsigned();
    const crcAt = reader.position;
    if (sectionBytes === BAD_VARINT || crcAt + 4 > bytes.length) return null;
    reader.position = crcAt + 4;
    const end = begin + sectionBytes;
    const key = Buffer.from(bytes.subarray(keyBegin, keyBegin + keyBytes));
    sections.push({ key, begin, end, crc: bytes.readUInt32LE(crcAt) });
    begin = end;
  }
  return reader.position === bytes.length ? sections : null;
}
