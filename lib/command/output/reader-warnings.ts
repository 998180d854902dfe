import type { SequenceGap, SkippedDamage } from '../../index.js';
import { escapeName } from './escape-name.js';
import type { Terminal } from './terminal.js';

/** Warnings of what a reader reports and reads past. */
export function warnOf(terminal: Terminal) {
  return {
    ofDamage: ({ archive, begin, end, reason }: SkippedDamage) =>
      terminal.warn(`${escapeName(archive ?? '')}: skipped bytes ${begin} to ${end}: ${reason}`),
    ofGap: ({ from, to, writer }: SequenceGap) =>
      terminal.warn(`records ${from} to ${to - 1} of writer ${writer} are missing`),
  };
}
