import type { DamageReason } from '../../errors/damage-error.js';

/** How the input of a decoder ends, or a stretch of it before lost bytes. */
export interface InputEnd {
  /** Whether the decoder received all bytes of the archive. */
  readonly isWhole: boolean;
  /** The fault of the input. The decoder reports it after all records. */
  readonly damage: DamageReason | undefined;
  /**
   * The offset where the input continues after lost bytes, with the beginning of a frame or a line;
   * undefined at its end. Needs `whenDamaged: 'skip'`. Push the bytes from there on once `next`
   * returns null.
   */
  readonly resumesAt?: number;
}

export const WHOLE_INPUT: InputEnd = { isWhole: true, damage: undefined };
