import { basename } from 'node:path';

import { readNameClue } from '../../series/names/name-clue.js';
import type { ArchiveProblem, ChainPart } from './chain-part.js';

/**
 * Archives whose names say that they are other archives of the series: two objects were exchanged,
 * or one was copied over another. Only names with a writer's id and an ordinal say that.
 */
export function nameProblems(parts: readonly ChainPart[]): ArchiveProblem[] {
  const writers = new Set(parts.map(({ writer }) => writer));
  const counts = new Map<string, number>();
  for (const { archive } of parts) counts.set(archive, (counts.get(archive) ?? 0) + 1);
  return parts.flatMap(({ archive, index, writer }): ArchiveProblem[] => {
    const clue = readNameClue(basename(archive));
    const ordinal = index?.ordinal;
    // Concatenated archives have the name of one of them, or any other.
    if (clue?.ordinal === undefined || ordinal === undefined || counts.get(archive) !== 1)
      return [];
    // Another id may be anything, but not that of a writer of the series.
    const isKnown = clue.writer !== undefined && writers.has(clue.writer);
    if (!isKnown || (clue.writer === writer && clue.ordinal === ordinal)) return [];
    const named = `archive ${clue.ordinal} of writer ${clue.writer}`;
    const message = `${archive}: is archive ${ordinal} of writer ${writer}, its name says ${named}`;
    return [{ kind: 'misnamed', archive, writer, ordinal, message }];
  });
}
