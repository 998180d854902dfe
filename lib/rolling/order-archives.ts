import { extname } from 'node:path';

import { headerCrc, readFrameHeader } from '../codec/frame-header.js';
import { inflateHead } from '../codec/inflate-head.js';
import { MAGIC, MAGIC_OFFSET } from '../format/preamble.js';
import { HEADER_BYTES, HEADER_CRC_OFFSET, KIND_RECORDS, VERSION_2 } from '../format/version-2.js';
import type { FileLayer } from '../storage/file-layer.js';
import { isGzip } from '../streams/gunzip.js';
import { compareNaturally } from './natural-order.js';
import { openArchive } from './open-archive.js';

/** What an archive's first frame says of where it belongs; null for version 1, JSON lines, and damage. */
interface ArchiveHead {
  readonly writer: string;
  readonly sequence: number;
  readonly earliestMicros: number;
}

interface SequencedArchive {
  readonly archive: string;
  readonly head: ArchiveHead;
}

/** Enough of a gzip file to inflate a header: names and comments in its own header are short. */
const PEEK_BYTES = 4096;

/**
 * Puts archives into the order in which they are read: those of one writer by sequence, and several
 * writers merged by the earliest time of each one's next archive. Archives without sequences (version 1,
 * JSON lines) come before, in the natural order of their names.
 *
 * Reads the head of each, one file at a time.
 */
export async function orderArchives(
  archives: readonly string[],
  files: FileLayer,
): Promise<string[]> {
  const unordered: string[] = [];
  const writers = new Map<string, SequencedArchive[]>();
  for (const archive of archives) {
    const head = await peek(archive, files);
    if (head === null) {
      unordered.push(archive);
      continue;
    }
    const others = writers.get(head.writer);
    if (others === undefined) writers.set(head.writer, [{ archive, head }]);
    else others.push({ archive, head });
  }
  return [...unordered.sort(compareNames), ...merge([...writers.values()])];
}

async function peek(archive: string, files: FileLayer): Promise<ArchiveHead | null> {
  const { file } = await openArchive(archive, files);
  try {
    const bytes = Buffer.alloc(PEEK_BYTES);
    const { bytesRead } = await file.read(bytes, 0, PEEK_BYTES, 0);
    const head = bytes.subarray(0, bytesRead);
    return readHead(isGzip(head) ? inflateHead(head, HEADER_BYTES) : head);
  } finally {
    await file.close();
  }
}

function readHead(bytes: Buffer): ArchiveHead | null {
  if (bytes.length < HEADER_BYTES || bytes.readInt32LE(MAGIC_OFFSET) !== MAGIC) return null;
  const header = readFrameHeader(bytes);
  const isGood = headerCrc(bytes) === bytes.readUInt32LE(HEADER_CRC_OFFSET);
  return isGood && header.version === VERSION_2 && header.kind === KIND_RECORDS ? header : null;
}

/**
 * Takes, again and again, the writer whose next archive is the earliest. That is the order by the latest
 * of the earliest times so far in each writer, since an archive cannot come before those in front of it.
 */
function merge(writers: SequencedArchive[][]): string[] {
  const placed = writers.flatMap((archives) => {
    let turnMicros = Number.NEGATIVE_INFINITY;
    return archives.sort(compareSequences).map((peeked) => {
      turnMicros = Math.max(turnMicros, peeked.head.earliestMicros);
      return { ...peeked, turnMicros };
    });
  });
  placed.sort(
    (a, b) =>
      a.turnMicros - b.turnMicros ||
      compareText(a.head.writer, b.head.writer) ||
      compareSequences(a, b),
  );
  return placed.map(({ archive }) => archive);
}

function compareSequences(a: SequencedArchive, b: SequencedArchive): number {
  return a.head.sequence - b.head.sequence || compareNames(a.archive, b.archive);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** An alternative, `a-1.events`, comes behind `a.events`: so the extension does not count at first. */
function compareNames(a: string, b: string): number {
  return compareNaturally(withoutExtension(a), withoutExtension(b)) || compareNaturally(a, b);
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}
