import { extname } from 'node:path';

import { beginsAsJson } from '../codec/begins-as-json.js';
import { type FrameHeader, headerCrc, readFrameHeader } from '../codec/frame-header.js';
import { inflateHead } from '../codec/inflate-head.js';
import { MAGIC, MAGIC_OFFSET, PREAMBLE_BYTES, VERSION_OFFSET } from '../format/preamble.js';
import { VERSION_1 } from '../format/version-1.js';
import { HEADER_BYTES, HEADER_CRC_OFFSET, KIND_RECORDS, VERSION_2 } from '../format/version-2.js';
import type { FileLayer } from '../storage/file-layer.js';
import { isGzip } from '../streams/gunzip.js';
import { leaveOutCopies } from './distinct-archives.js';
import { compareNaturally } from './natural-order.js';
import { openArchive } from './open-archive.js';

/** Where an archive's records begin in those of their writer. */
type SequenceStart = Pick<FrameHeader, 'writer' | 'sequence' | 'earliestMicros'>;

/**
 * What the first bytes of an archive say of where it belongs: its start; or that it has no sequences
 * (version 1, JSON lines); that it is `begun`, still open and without a whole header; or that it is
 * damaged, if an archive at all.
 */
type ArchiveHead = SequenceStart | 'unsequenced' | 'begun' | 'damaged';

interface SequencedArchive {
  readonly archive: string;
  readonly head: SequenceStart;
}

/** Enough of a gzip file to inflate a header: names and comments in its own header are short. */
const PEEK_BYTES = 4096;

/**
 * Puts archives into the order in which they are read: those of one writer by sequence, and several
 * writers merged by the earliest time of each one's next archive. Archives without sequences (version 1,
 * JSON lines) come before, in the natural order of their names; of these, copies are left out. One whose
 * first frame is damaged comes where its name belongs, behind others whose records are good.
 *
 * Reads the head of each, one file at a time.
 */
export async function orderArchives(
  archives: readonly string[],
  files: FileLayer,
): Promise<string[]> {
  const unsequenced: string[] = [];
  const begun: string[] = [];
  const damaged: string[] = [];
  const writers = new Map<string, SequencedArchive[]>();
  for (const archive of archives) {
    const head = await peek(archive, files);
    if (head === 'unsequenced') unsequenced.push(archive);
    else if (head === 'begun') begun.push(archive);
    else if (head === 'damaged') damaged.push(archive);
    else {
      const others = writers.get(head.writer);
      if (others === undefined) writers.set(head.writer, [{ archive, head }]);
      else others.push({ archive, head });
    }
  }
  const distinct = await leaveOutCopies(unsequenced.sort(compareNames), files);
  const ordered = insert([...distinct, ...merge([...writers.values()])], damaged);
  // A begun archive has records by the time it is read: its writer's last ones.
  return [...ordered, ...begun.sort(compareNames)];
}

async function peek(archive: string, files: FileLayer): Promise<ArchiveHead> {
  const { file, isOpen } = await openArchive(archive, files);
  try {
    const bytes = Buffer.alloc(PEEK_BYTES);
    const { bytesRead } = await file.read(bytes, 0, PEEK_BYTES, 0);
    const head = bytes.subarray(0, bytesRead);
    return readHead(isGzip(head) ? inflateHead(head, HEADER_BYTES) : head, isOpen);
  } finally {
    await file.close();
  }
}

function readHead(bytes: Buffer, isOpen: boolean): ArchiveHead {
  if (beginsAsJson(bytes[0])) return 'unsequenced';
  if (bytes.length >= PREAMBLE_BYTES && bytes.readInt32LE(MAGIC_OFFSET) === MAGIC) {
    if (bytes.readInt16LE(VERSION_OFFSET) === VERSION_1) return 'unsequenced';
    if (bytes.length >= HEADER_BYTES) return readStart(bytes) ?? 'damaged';
  }
  return isOpen && bytes.length < HEADER_BYTES ? 'begun' : 'damaged';
}

function readStart(bytes: Buffer): SequenceStart | null {
  if (headerCrc(bytes) !== bytes.readUInt32LE(HEADER_CRC_OFFSET)) return null;
  const header = readFrameHeader(bytes);
  const isBlock = header.version === VERSION_2 && header.kind === KIND_RECORDS;
  // NaN, which a forged header may come to, has no place in an order.
  const isPlace = [header.sequence, header.earliestMicros].every(Number.isSafeInteger);
  return isBlock && isPlace ? header : null;
}

/** Puts each of `others` before the first archive whose name comes after its own. */
function insert(archives: readonly string[], others: string[]): string[] {
  const ordered: string[] = [];
  let next = 0;
  others.sort(compareNames);
  for (const archive of archives) {
    for (; next < others.length; next++) {
      const other = others[next];
      if (other === undefined || compareNames(other, archive) > 0) break;
      ordered.push(other);
    }
    ordered.push(archive);
  }
  return [...ordered, ...others.slice(next)];
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
