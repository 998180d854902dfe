import { basename, extname } from 'node:path';

import { laterNameMatcher } from '../names/later-name.js';
import { compareNaturally } from '../names/natural-order.js';
import type { FoundArchive } from '../opening/found-archive.js';
import { isArchiveGone } from '../opening/open-archive.js';
import {
  type ArchiveHead,
  identifyArchive,
  peekArchive,
  type SequenceStart,
} from './archive-head.js';
import { digestOf, distinctArchives } from './distinct-archives.js';

/**
 * How the objects of a store are ordered: by their names, or, like local archives, by the first
 * record of each.
 */
export type SeriesOrder = 'name' | 'time';

interface SequencedArchive {
  readonly archive: FoundArchive;
  readonly start: SequenceStart;
}

/**
 * Puts archives into the order in which they are read.
 *
 * By `time`, archives of one writer go by sequence, and several writers are merged by the earliest
 * time of each one's next archive. Archives without sequences (version 1, JSON lines) come first,
 * in the natural order of their names, whatever their directories, and without copies. An archive whose first frame is damaged
 * comes where its name belongs. This reads the head of each archive, one at a time.
 *
 * By `name`, objects of a store come first, in the natural order of their keys, and local archives
 * follow by time. Only objects that share their name with a local archive are read. If both are one
 * archive, the local one takes the object's position.
 */
export async function orderArchives(
  archives: readonly FoundArchive[],
  order: SeriesOrder,
  takeNew: TakeNew = async () => [],
): Promise<FoundArchive[]> {
  if (order === 'time') return (await orderByTime(archives, takeNew)).ordered;
  const stored = archives.filter(({ isStored }) => isStored).sort(comparePaths);
  const local = archives.filter(({ isStored }) => !isStored);
  const { ordered, starts } = await orderByTime(local, takeNew);
  if (stored.length === 0) return ordered;
  return await joinByName(stored, ordered, starts);
}

/**
 * Lists the series again and returns new archives. Called if an archive vanished before its head
 * was read: it may have got another name.
 */
export type TakeNew = () => Promise<FoundArchive[]>;

/** How often the series is listed again because archives vanish. */
const MOST_LISTINGS = 100;

interface OrderedArchives {
  readonly ordered: FoundArchive[];
  /** The first blocks of those that have sequences. */
  readonly starts: ReadonlyMap<FoundArchive, SequenceStart>;
}

/** The archives with their heads, and those that they have become if some vanish meanwhile. */
async function peekAll(archives: readonly FoundArchive[], takeNew: TakeNew) {
  const heads: { readonly archive: FoundArchive; readonly head: ArchiveHead }[] = [];
  /** The files without sequences: the ledger does not notice that one is listed twice. */
  const files = new Set<string>();
  /** False on a file system that gives several files one number, as some network file systems do. */
  let areNumbersOwn = true;
  const vanished: { readonly archive: FoundArchive; readonly error: unknown }[] = [];
  let left = archives;
  for (let listings = 0; left.length > 0 && listings < MOST_LISTINGS; listings++) {
    const before = vanished.length;
    for (const archive of left) {
      try {
        const { head, identity } = await identifyArchive(archive);
        const { file } = identity;
        const number = file === undefined || file.ino === 0 ? '' : `${file.dev} ${file.ino}`;
        const isRepeated = number !== '' && files.has(number);
        if (listings === 0 && isRepeated) areNumbersOwn = false;
        // Otherwise copies are found by their bytes.
        if (head.kind === 'unsequenced' && isRepeated && listings > 0 && areNumbersOwn) continue;
        files.add(number);
        heads.push({ archive, head });
      } catch (error) {
        if (!isArchiveGone(error)) throw error;
        vanished.push({ archive, error });
      }
    }
    left = vanished.length > before ? await takeNew() : [];
  }
  for (const { archive, error } of vanished) {
    const isLater = laterNameMatcher(archive.path);
    if (!heads.some((other) => isLater(basename(other.archive.path)))) throw error;
  }
  return heads;
}

async function orderByTime(
  archives: readonly FoundArchive[],
  takeNew: TakeNew,
): Promise<OrderedArchives> {
  const unsequenced: FoundArchive[] = [];
  const begun: FoundArchive[] = [];
  const damaged: FoundArchive[] = [];
  const starts = new Map<FoundArchive, SequenceStart>();
  const writers = new Map<string, SequencedArchive[]>();
  for (const { archive, head } of await peekAll(archives, takeNew)) {
    switch (head.kind) {
      case 'unsequenced':
        unsequenced.push(archive);
        break;
      case 'begun':
        begun.push(archive);
        break;
      case 'damaged':
        damaged.push(archive);
        break;
      case 'sequenced': {
        const { start } = head;
        const own = writers.get(start.writer) ?? [];
        writers.set(start.writer, own);
        own.push({ archive, start });
        starts.set(archive, start);
      }
    }
  }
  const distinct = await distinctArchives(unsequenced.sort(compareNames));
  const sorted = insert([...distinct, ...merge([...writers.values()])], damaged);
  // By the time a begun archive is read, it may hold records: the last ones of its writer.
  return { ordered: [...sorted, ...begun.sort(compareNames)], starts };
}

/**
 * Objects, then local archives. A local archive that is also an object comes right before that, and
 * one that is older than an object of its writer comes before that: while archives are shipped, a
 * later one may be in the store first.
 */
async function joinByName(
  stored: readonly FoundArchive[],
  local: readonly FoundArchive[],
  starts: ReadonlyMap<FoundArchive, SequenceStart>,
): Promise<FoundArchive[]> {
  const namesakes = new Map<string, FoundArchive[]>();
  for (const archive of local) {
    const name = basename(archive.path);
    namesakes.set(name, [...(namesakes.get(name) ?? []), archive]);
  }
  const joined: FoundArchive[] = [];
  const joinedLocal = new Set<FoundArchive>();
  for (const object of stored) {
    let isCopy = false;
    for (const archive of namesakes.get(basename(object.path)) ?? []) {
      const likeness = joinedLocal.has(archive) ? 'other' : await compareContents(object, archive);
      if (likeness === 'other') continue;
      joinedLocal.add(archive);
      joined.push(archive);
      isCopy ||= likeness === 'copy';
    }
    if (!isCopy) joined.push(object);
  }
  const others = local.filter((archive) => !joinedLocal.has(archive));
  return await placeAmong(joined, others, starts);
}

/**
 * Puts each local archive before the first object that holds later records of its writer, or at the
 * end. Reads the heads only of objects with later names, and, if names hold the writer's id, only
 * of those with that id.
 */
async function placeAmong(
  objects: readonly FoundArchive[],
  local: readonly FoundArchive[],
  starts: ReadonlyMap<FoundArchive, SequenceStart>,
): Promise<FoundArchive[]> {
  const before = new Map<FoundArchive, FoundArchive[]>();
  const last: FoundArchive[] = [];
  const heads = new Map<FoundArchive, ArchiveHead>();
  for (const archive of local) {
    const start = starts.get(archive);
    const next = start === undefined ? undefined : await findLater(archive, start, objects, heads);
    if (next === undefined) last.push(archive);
    else before.set(next, [...(before.get(next) ?? []), archive]);
  }
  return [...objects.flatMap((object) => [...(before.get(object) ?? []), object]), ...last];
}

async function findLater(
  archive: FoundArchive,
  { sequence, writer }: SequenceStart,
  objects: readonly FoundArchive[],
  heads: Map<FoundArchive, ArchiveHead>,
): Promise<FoundArchive | undefined> {
  const hasWriter = basename(archive.path).includes(writer);
  for (const object of objects) {
    const name = basename(object.path);
    if (!object.isStored || (hasWriter && !name.includes(writer))) continue;
    if (compareTexts(name, basename(archive.path)) <= 0) continue;
    const head = heads.get(object) ?? (await peekArchive(object));
    heads.set(object, head);
    if (head.kind !== 'sequenced' || head.start.writer !== writer) continue;
    if (head.start.sequence > sequence) return object;
  }
  return undefined;
}

/**
 * Compares two archives of one name. With the `same start`, their records are compared by sequence
 * when both are read; without sequences, only equal bytes show that one is a `copy`.
 */
async function compareContents(
  a: FoundArchive,
  b: FoundArchive,
): Promise<'copy' | 'same start' | 'other'> {
  const [headA, headB] = [await peekArchive(a), await peekArchive(b)];
  if (headA.kind === 'unsequenced' && headB.kind === 'unsequenced') {
    const digest = await digestOf(a);
    return digest !== null && digest === (await digestOf(b)) ? 'copy' : 'other';
  }
  if (headA.kind !== 'sequenced' || headB.kind !== 'sequenced') return 'other';
  const { writer, sequence } = headA.start;
  const isSame = writer === headB.start.writer && sequence === headB.start.sequence;
  return isSame ? 'same start' : 'other';
}

/** Puts each of `others` before the first archive with a later name. */
function insert(archives: readonly FoundArchive[], others: FoundArchive[]): FoundArchive[] {
  const ordered: FoundArchive[] = [];
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
 * Takes, again and again, the writer whose next archive has the earliest time. Sorting gives the
 * same order: an archive's turn comes with the latest of the earliest times of its writer up to it,
 * because it cannot come before an earlier archive of its writer.
 */
function merge(writers: SequencedArchive[][]): FoundArchive[] {
  const turns = writers.flatMap((archives) => {
    let turnMicros = Number.NEGATIVE_INFINITY;
    return archives.sort(compareSequences).map((sequenced) => {
      turnMicros = Math.max(turnMicros, sequenced.start.earliestMicros);
      return { ...sequenced, turnMicros };
    });
  });
  turns.sort(
    (a, b) =>
      a.turnMicros - b.turnMicros ||
      compareText(a.start.writer, b.start.writer) ||
      compareSequences(a, b),
  );
  return turns.map(({ archive }) => archive);
}

function compareSequences(a: SequencedArchive, b: SequencedArchive): number {
  return a.start.sequence - b.start.sequence || compareNames(a.archive, b.archive);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * Compares the names of archives, and the paths only of namesakes: the archives of a series may be
 * in several directories.
 */
function compareNames(a: FoundArchive, b: FoundArchive): number {
  return compareTexts(basename(a.path), basename(b.path)) || comparePaths(a, b);
}

function comparePaths(a: FoundArchive, b: FoundArchive): number {
  return compareTexts(a.path, b.path);
}

/** Extensions come last, so that the alternative `a-1.events` follows `a.events`. */
function compareTexts(a: string, b: string): number {
  return compareNaturally(withoutExtension(a), withoutExtension(b)) || compareNaturally(a, b);
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}
