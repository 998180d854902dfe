/** More is given back. */
const KEPT_BYTES = 2 ** 20;

let scratch: Buffer = Buffer.alloc(0);

/**
 * Returns memory for something that is encoded and copied before anything else is. Encoders reserve
 * several times of what they fill; as new memory, it would make V8 collect garbage more often.
 */
export function scratchOf(count: number): Buffer {
  if (count > KEPT_BYTES) return Buffer.allocUnsafeSlow(count);
  if (scratch.length < count) scratch = Buffer.allocUnsafeSlow(Math.min(2 * count, KEPT_BYTES));
  return scratch;
}
