import type { DamageReason } from '../../errors/damage-error.js';

/**
 * Bytes of an archive that a reader skipped because they are damaged. Adjoining damage is one
 * report.
 */
export interface SkippedDamage {
  /** The archive's path or name, if the reader knows one. */
  readonly archive: string | undefined;
  /** Where the damage begins: bytes from the start of the archive, uncompressed. */
  readonly begin: number;
  /** Where the damage ends: the first byte after it. */
  readonly end: number;
  /** The first fault. */
  readonly reason: DamageReason;
  /**
   * How many records were lost: by the headers of the lost frames, or by the sequences before and
   * after the damage. Undefined if neither shows it: in version 1, in JSON lines, before the first
   * good header and after the last one.
   */
  readonly recordsLost: number | undefined;
}
