import type { DamageReason } from '../../errors/damage-error.js';

/** Bytes of an archive that were left out because they are damaged. What adjoins is told as one. */
export interface SkippedDamage {
  /** The archive's path or name, where it has one. */
  readonly archive: string | undefined;
  /** Where it begins: bytes from the start of the archive, uncompressed. */
  readonly begin: number;
  /** Where it ends: the first byte behind it. */
  readonly end: number;
  /** What was wrong first. */
  readonly reason: DamageReason;
  /**
   * By the headers of the frames that were lost, or by the sequences before and behind. Undefined where
   * neither tells: in version 1, in JSON lines, before the first and behind the last good header.
   */
  readonly recordsLost: number | undefined;
}
