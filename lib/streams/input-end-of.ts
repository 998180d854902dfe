import type { InputEnd } from '../codec/frames/input-end.js';
import { GZIP_INDEX } from '../codec/gzip/gzip-end.js';
import type { DamageError } from '../errors/damage-error.js';

/**
 * How the input of a decoder ends with the error of `gunzip`. Damage of the member index leaves the
 * archive whole; other damage cuts it off.
 */
export function inputEndOf({ reason, what }: DamageError): InputEnd {
  return { isWhole: what === GZIP_INDEX, damage: reason };
}
