import { MEMBER_FORMATS } from '../../codec/compression/member-formats.js';
import { indexName } from '../../codec/compression/members/member-format.js';
import type { InputEnd } from '../../codec/frames/input-end.js';
import type { DamageError } from '../../errors/damage-error.js';

/** The damaged things whose damage costs no byte of the archive. */
const INDEX_NAMES: readonly string[] = MEMBER_FORMATS.map(indexName);

/**
 * How the input of a decoder ends with the error of `decompress`. Damage of the member index leaves
 * the archive whole; other damage cuts it off.
 */
export function inputEndOf({ reason, what }: DamageError): InputEnd {
  return { isWhole: INDEX_NAMES.includes(what), damage: reason };
}
