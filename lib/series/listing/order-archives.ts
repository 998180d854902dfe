import { basename, extname } from 'node:path';

import { compareNaturally } from '../names/natural-order.js';
import type { FoundArchive } from '../opening/found-archive.js';
import { peekArchive, type SequenceStart } from './archive-head.js';
import { digestOf, leaveOutCopies } from './distinct-archives.js';
import { leaveOutLinkedTwins } from './linked-twins.js';

/**
 * What objects of a store are put in order by: their names, or, as local archives are, what is in their
 * heads.
 */
export type SeriesOrder = 'name' | 'time';

interface SequencedArchive {
  readonly archive: FoundArchive;
  readonly head: SequenceStart;
}

/**
 * Puts archives into the order in which they are read. By `time` those of one writer go by sequence, and
 * several writers are merged by the earliest time of each one's next archive. Archives without sequences
 * (version 1, JSON lines) come before, in the natural order of their names; of these, copies are left
 * out. One whose first frame is damaged comes where its name belongs, behind others whose records are
 * good. That reads the head of each, one archive at a time.
 *
 * By `name` objects of a store come first, in the natural order of their names, and none is looked at but
 * those that share theirs with a local archive; where the two are one, the local one is read in its place.
 */
export async function orderArchives(
  archives: readonly FoundArchive[],
  order: SeriesOrder,
): Promise<FoundArchive[]> {
  if (order === 'time') return await orderByTime(archives);
  const stored = archives.filter(({ isStored }) => isStored).sort(compareNames);
  const local = await orderByTime(archives.filter(({ isStored }) => !isStored));
  return await joinByName(stored, local);
}

async function orderByTime(archives: readonly FoundArchive[]): Promise<FoundArchive[]> {
  const unsequenced: FoundArchive[] = [];
  const begun: FoundArchive[] = [];
  const damaged: FoundArchive[] = [];
  const writers = new Map<string, SequencedArchive[]>();
  for (const archive of archives) {
    const head = await peekArchive(archive);
    if (head === 'unsequenced') unsequenced.push(archive);
    else if (head === 'begun') begun.push(archive);
    else if (head === 'damaged') damaged.push(archive);
    else {
      const others = writers.get(head.writer);
      if (others === undefined) writers.set(head.writer, [{ archive, head }]);
      else others.push({ archive, head });
    }
  }
  const named = await leaveOutLinkedTwins(unsequenced.sort(compareNames));
  const distinct = await leaveOutCopies(named);
  const ordered = insert([...distinct, ...merge([...writers.values()])], damaged);
  // A begun archive has records by the time it is read: its writer's last ones.
  return [...ordered, ...begun.sort(compareNames)];
}

/** Objects, then local archives; a local one that is an object, too, right before it. */
async function joinByName(
  stored: readonly FoundArchive[],
  local: readonly FoundArchive[],
): Promise<FoundArchive[]> {
  const namesakes = new Map<string, FoundArchive[]>();
  for (const archive of local) {
    const name = basename(archive.path);
    namesakes.set(name, [...(namesakes.get(name) ?? []), archive]);
  }
  const joined: FoundArchive[] = [];
  const placed = new Set<FoundArchive>();
  for (const object of stored) {
    const candidates = namesakes.get(basename(object.path)) ?? [];
    let isCopy = false;
    for (const archive of candidates) {
      const likeness = placed.has(archive) ? 'other' : await compareContents(object, archive);
      if (likeness === 'other') continue;
      placed.add(archive);
      joined.push(archive);
      isCopy ||= likeness === 'copy';
    }
    if (!isCopy) joined.push(object);
  }
  return [...joined, ...local.filter((archive) => !placed.has(archive))];
}

/**
 * Whether two are the same archive: a `copy`, or by their first records, so that the sequence tells, when
 * they are read, what is in both.
 */
async function compareContents(
  a: FoundArchive,
  b: FoundArchive,
): Promise<'copy' | 'same start' | 'other'> {
  const [headA, headB] = [await peekArchive(a), await peekArchive(b)];
  if (headA === 'unsequenced' && headB === 'unsequenced') {
    const digest = await digestOf(a);
    return digest !== null && digest === (await digestOf(b)) ? 'copy' : 'other';
  }
  if (typeof headA !== 'object' || typeof headB !== 'object') return 'other';
  const isSame = headA.writer === headB.writer && headA.sequence === headB.sequence;
  return isSame ? 'same start' : 'other';
}

/** Puts each of `others` before the first archive whose name comes after its own. */
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
 * Takes, again and again, the writer whose next archive is the earliest. That is the order by the latest
 * of the earliest times so far in each writer, since an archive cannot come before those in front of it.
 */
function merge(writers: SequencedArchive[][]): FoundArchive[] {
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
function compareNames({ path: a }: FoundArchive, { path: b }: FoundArchive): number {
  return compareNaturally(withoutExtension(a), withoutExtension(b)) || compareNaturally(a, b);
}

function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}
