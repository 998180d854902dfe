import { basename } from 'node:path';

import type { FoundArchive } from '../opening/found-archive.js';
import { isArchiveGone } from '../opening/open-archive.js';
import { type ArchiveHead, peekArchive, type SequenceStart } from './archive-head.js';
import type { PlacedArchive } from './archive-order.js';
import { digestOf } from './distinct-archives.js';
import { LaterObjects } from './later-objects.js';

/**
 * Objects, then local archives. A local archive that is also an object comes right before that, and
 * one that is older than an object of its writer comes before that: while archives are shipped, a
 * later one may be in the store first.
 */
export async function joinByName(
  stored: readonly FoundArchive[],
  local: readonly PlacedArchive[],
): Promise<FoundArchive[]> {
  const namesakes = new Map<string, FoundArchive[]>();
  for (const { archive } of local) {
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
  const others = local.filter(({ archive }) => !joinedLocal.has(archive));
  return await placeAmong(joined, others);
}

/**
 * Puts each local archive before the first object that holds later records of its writer, or at the
 * end. Reads the heads only of objects with later names, and, if names hold the writer's id, only
 * of those with that id.
 */
async function placeAmong(
  objects: readonly FoundArchive[],
  local: readonly PlacedArchive[],
): Promise<FoundArchive[]> {
  const later = new LaterObjects(objects);
  const before = new Map<FoundArchive, FoundArchive[]>();
  const last: FoundArchive[] = [];
  const heads = new Map<FoundArchive, ArchiveHead>();
  for (const { archive, start } of local) {
    const next = start === undefined ? undefined : await findLater(archive, start, later, heads);
    const earlier = next === undefined ? last : before.get(next);
    if (earlier !== undefined) earlier.push(archive);
    else if (next !== undefined) before.set(next, [archive]);
  }
  return [...objects.flatMap((object) => [...(before.get(object) ?? []), object]), ...last];
}

async function findLater(
  archive: FoundArchive,
  { sequence, writer }: SequenceStart,
  later: LaterObjects,
  heads: Map<FoundArchive, ArchiveHead>,
): Promise<FoundArchive | undefined> {
  for (const object of later.after(archive, writer)) {
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
  const [headA, headB] = [await peekUnlessGone(a), await peekUnlessGone(b)];
  if (headA === null || headB === null) return 'other';
  if (headA.kind === 'unsequenced' && headB.kind === 'unsequenced') {
    const digest = await digestOf(a);
    return digest !== null && digest === (await digestOf(b)) ? 'copy' : 'other';
  }
  if (headA.kind !== 'sequenced' || headB.kind !== 'sequenced') return 'other';
  const { writer, sequence } = headA.start;
  const isSame = writer === headB.start.writer && sequence === headB.start.sequence;
  return isSame ? 'same start' : 'other';
}

/** Null if the archive is gone, which the reader reports when it is due. */
async function peekUnlessGone(archive: FoundArchive): Promise<ArchiveHead | null> {
  try {
    return await peekArchive(archive);
  } catch (error) {
    if (isArchiveGone(error)) return null;
    throw error;
  }
}
