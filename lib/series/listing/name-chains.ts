import { basename } from 'node:path';

import { type CutPath, compareNames, stemLengthOf } from '../names/compare-names.js';
import { type NameClue, readNameClue } from '../names/name-clue.js';
import type { FoundArchive } from '../opening/found-archive.js';

/** An archive by its name. There may be a million of them. */
export class NamedArchive implements CutPath {
  readonly archive: FoundArchive;
  readonly name: string;
  readonly stemLength: number;

  constructor(archive: FoundArchive) {
    this.archive = archive;
    this.name = basename(archive.path);
    this.stemLength = stemLengthOf(this.name);
  }

  get path(): string {
    return this.archive.path;
  }

  /** Undefined if the name gives no order. Read each time: it would take twice the memory. */
  get clue(): NameClue | undefined {
    return readNameClue(this.name);
  }
}

/** Archives in the order that their names give. */
export interface NameChain {
  /** The writer in the names; '' for names with only a time. */
  readonly writer: string;
  readonly archives: NamedArchive[];
}

interface Group extends NameChain {
  isRising: boolean;
}

/**
 * Sorts archives by what their names say, and reads none. Archives of a writer go in the natural
 * order of their names, if times and ordinals rise in it, else in that of times and ordinals. They
 * are unclear if these contradict each other: a clock was set back, or ordinals began again in
 * names without a time.
 *
 * @param archives the caller gives up the array
 * @returns chains, and archives whose names give no order
 */
export function chainByNames(archives: NamedArchive[]): {
  readonly chains: readonly NameChain[];
  readonly unclear: NamedArchive[];
} {
  const groups = new Map<string, Group>();
  const unclear: NamedArchive[] = [];
  /** Mostly that of the archive before it in the same group, so that it need not be read again. */
  let lastClue: NameClue | undefined;
  let last: NamedArchive | undefined;
  for (const named of archives.sort(compareNames)) {
    const { clue } = named;
    const before = last;
    last = named;
    if (clue === undefined) {
      unclear.push(named);
      continue;
    }
    const writer = clue.writer ?? '';
    const group = groups.get(writer);
    if (group === undefined) {
      groups.set(writer, { writer, archives: [named], isRising: true });
    } else {
      const own = group.archives.at(-1);
      const ownClue = own === before ? lastClue : own?.clue;
      group.isRising &&= own?.name === named.name || follows(ownClue, clue);
      group.archives.push(named);
    }
    lastClue = clue;
  }
  const chains: NameChain[] = [];
  for (const group of groups.values()) {
    const sorted = group.isRising ? group.archives : sortByClues(group.archives);
    if (sorted === null) for (const named of group.archives) unclear.push(named);
    else chains.push(sorted === group.archives ? group : { ...group, archives: sorted });
  }
  return { chains, unclear };
}

/** @returns null if the order is not one */
function sortByClues(archives: readonly NamedArchive[]): NamedArchive[] | null {
  const clued = archives.map((named) => ({ named, clue: named.clue }));
  clued.sort((a, b) => compareClues(a.clue, b.clue) || compareNames(a.named, b.named));
  const isRising = clued.every(({ clue, named }, i) => {
    const before = clued[i - 1];
    return before === undefined || before.named.name === named.name || follows(before.clue, clue);
  });
  return isRising ? clued.map(({ named }) => named) : null;
}

/** Whether the second may follow the first in the order of their writer. */
function follows(before: NameClue | undefined, after: NameClue | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  const { ordinal, period } = after;
  if ((period === undefined) !== (before.period === undefined)) return false;
  if ((ordinal === undefined) !== (before.ordinal === undefined)) return false;
  if (period !== undefined && before.period !== undefined) {
    // A date and a time of that day do not contradict each other.
    if (before.period.startMicros >= period.endMicros) return false;
    // A later run of a writer with the same id.
    if (ordinal === 0 && before.period.endMicros <= period.startMicros) return true;
  }
  // Alternatives of a name have its ordinal.
  return ordinal === undefined || before.ordinal === undefined || before.ordinal <= ordinal;
}

function compareClues(a: NameClue | undefined, b: NameClue | undefined): number {
  const times = (a?.period?.startMicros ?? 0) - (b?.period?.startMicros ?? 0);
  return times || (a?.ordinal ?? 0) - (b?.ordinal ?? 0);
}
