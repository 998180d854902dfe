import type { DamageReason } from '../../errors/damage-error.js';

/** How the input of a decoder ends. */
export interface InputEnd {
  /** Whether the decoder received all bytes of the archive. */
  readonly isWhole: boolean;
  /** The fault of the input. The decoder reports it after all records. */
  readonly damage: DamageReason | undefined;
}

export const WHOLE_INPUT: InputEnd = { isWhole: true, damage: undefined };
