import type { ChainPart } from './chain-problems.js';

/**
 * The writers of which no archive says that they ended in it. They may still write, may have been
 * killed, or ended right after a roll: then there was no archive left to say so.
 */
export function unendedWriters(parts: readonly ChainPart[]): string[] {
  const ended = new Set<string>();
  for (const { index, writer } of parts) if (index?.writerEnded) ended.add(writer);
  return [...new Set(parts.map(({ writer }) => writer))].filter((writer) => !ended.has(writer));
}
