import type { ChainPart } from './chain-part.js';
import { mayHaveMore } from './run-problems.js';

/**
 * The writers of which no archive says that they ended in it. They may still write, may have been
 * killed, or ended right after a roll: then there was no archive left to say so.
 */
export function unendedWriters(parts: readonly ChainPart[]): string[] {
  const writers = new Map<string, ChainPart[]>();
  for (const part of parts) {
    const own = writers.get(part.writer);
    if (own === undefined) writers.set(part.writer, [part]);
    else own.push(part);
  }
  const mayContinue = (own: readonly ChainPart[]) =>
    own.some(({ hasGivenSequences }) => hasGivenSequences)
      ? mayHaveMore(own)
      : !own.some(({ index }) => index?.writerEnded);
  return [...writers].filter(([, own]) => mayContinue(own)).map(([writer]) => writer);
}
