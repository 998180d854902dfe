import { basename } from 'node:path';

import { readNameClue } from '../names/name-clue.js';
import type { FoundArchive } from '../opening/found-archive.js';
import { isArchiveGone } from '../opening/open-archive.js';
import { peekArchive } from './archive-head.js';

/** Archives of one ordinal: an archive, and its copies in other places. */
interface Numbered {
  readonly ordinal: number;
  readonly startMicros: number;
  readonly archives: readonly [FoundArchive, ...FoundArchive[]];
}

/** Names with coarser times may hide that ordinals began again. */
const LONGEST_PERIOD_MICROS = 1_000_000;

/**
 * Leaves out archives whose records all come before a cursor, as far as the names and heads of
 * archives show it. It reads a few heads per writer (a binary search), and only if all names of the
 * writer have an ordinal and a second, and both rise together: a writer whose id was given may
 * have begun its ordinals again.
 *
 * @param nextOf the next sequence of a writer; undefined if none of its records was read
 */
export async function leaveOutRead(
  archives: readonly FoundArchive[],
  nextOf: (writer: string) => number | undefined,
): Promise<FoundArchive[]> {
  const read = new Set<FoundArchive>();
  for (const [writer, own] of groupByWriter(archives)) {
    const next = nextOf(writer);
    const chain = next === undefined ? null : chainOf(own);
    if (chain === null || next === undefined) continue;
    const last = await findLastBegun(chain, writer, next);
    for (const { archives: before } of chain.slice(0, last))
      for (const one of before) read.add(one);
  }
  return archives.filter((archive) => !read.has(archive));
}

function groupByWriter(archives: readonly FoundArchive[]): Map<string, FoundArchive[]> {
  const groups = new Map<string, FoundArchive[]>();
  for (const archive of archives) {
    const writer = readNameClue(basename(archive.path))?.writer;
    if (writer === undefined) continue;
    const own = groups.get(writer) ?? [];
    groups.set(writer, own);
    own.push(archive);
  }
  return groups;
}

/** The archives of a writer by ordinal; null if their names do not give a certain order. */
function chainOf(archives: readonly FoundArchive[]): Numbered[] | null {
  const byName = new Map<string, [FoundArchive, ...FoundArchive[]]>();
  for (const archive of archives) {
    const name = basename(archive.path);
    const copies = byName.get(name);
    if (copies === undefined) byName.set(name, [archive]);
    else copies.push(archive);
  }
  const chain: Numbered[] = [];
  for (const [name, copies] of byName) {
    const clue = readNameClue(name);
    const { ordinal, period } = clue ?? {};
    if (ordinal === undefined || period === undefined) return null;
    const { startMicros } = period;
    if (period.endMicros - startMicros > LONGEST_PERIOD_MICROS) return null;
    chain.push({ ordinal, startMicros, archives: copies });
  }
  chain.sort((a, b) => a.ordinal - b.ordinal);
  const isRising = chain.every((one, i) => {
    const before = chain[i - 1];
    if (before === undefined) return true;
    return one.ordinal > before.ordinal && one.startMicros >= before.startMicros;
  });
  return isRising ? chain : null;
}

/** The index of the last archive that begins at `next` or before; 0 if heads contradict the names. */
async function findLastBegun(
  chain: readonly Numbered[],
  writer: string,
  next: number,
): Promise<number> {
  let [low, high] = [0, chain.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    const begin = await firstSequenceOf(chain[middle], writer);
    if (begin === null) return 0;
    if (begin <= next) low = middle;
    else high = middle;
  }
  return low;
}

/** Null if the archive does not begin with a record of this writer. */
async function firstSequenceOf(
  numbered: Numbered | undefined,
  writer: string,
): Promise<number | null> {
  if (numbered === undefined) return null;
  try {
    const head = await peekArchive(numbered.archives[0]);
    return head.kind === 'sequenced' && head.start.writer === writer ? head.start.sequence : null;
  } catch (error) {
    if (isArchiveGone(error)) return null;
    throw error;
  }
}
