import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import type { SealedArchive } from '../handlers/archive-handler.js';

/** An archive that its writer left open, and that is sealed now. */
export interface RecoveredArchive extends SealedArchive {
  /**
   * What was no archive: the first 1,000 stretches. Each is kept aside as `NAME.torn-OFFSET`; where there
   * are more than 16, the file is, whole, as `NAME.torn-all`.
   */
  readonly damage: readonly SkippedDamage[];
  /** How many stretches there are. */
  readonly damagedStretches: number;
}
