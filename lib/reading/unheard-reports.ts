import type { SkippedDamage } from '../codec/frames/skipped-damage.js';
import type { SequenceConflict } from '../errors/conflict-error.js';
import { createWarnOnce } from '../errors/warn-once.js';
import type { SequenceGap } from '../series/opening/sequence-gap.js';
import type { LateRecords } from './sequences/sequence-ledger.js';

/** What to do about events that no listener hears. */
interface UnheardReports {
  damage(damage: SkippedDamage): void;
  gap(gap: SequenceGap): void;
  late(late: LateRecords): void;
  conflict(conflict: SequenceConflict): void;
}

/**
 * Warns the process of records that are missing or late, if no listener hears of them: otherwise a program
 * without listeners would take the rest for everything. It warns once of each kind.
 */
export function createUnheardReports(): UnheardReports {
  const warn = createWarnOnce();
  return {
    damage({ archive = 'an archive', begin, end, reason }) {
      const skipped = `${archive} is damaged (${reason}): bytes ${begin} to ${end} were skipped`;
      warn('SHOEBOX_DAMAGE', '', `${skipped} (the reader's event "damage" reports all)`);
    },
    gap({ from, to, writer }) {
      const missing = `records ${from} to ${to - 1} of writer ${writer} are missing`;
      warn('SHOEBOX_GAP', '', `${missing} (the reader's event "gap" reports all)`);
    },
    late({ archive, from, isEmitted, to, writer }) {
      const what = isEmitted ? 'come after later ones' : 'come late and may be left out';
      const late = `${archive}: records ${from} to ${to - 1} of writer ${writer} ${what}`;
      warn('SHOEBOX_LATE', '', `${late} (the reader's event "late" reports all)`);
    },
    conflict({ archive, from, to, writer }) {
      const other = `${archive}: other records ${from} to ${to - 1} of writer ${writer}`;
      warn('SHOEBOX_CONFLICT', '', `${other} (the reader's event "conflict" reports all)`);
    },
  };
}
