const DIGITS = /\d+/y;

/**
 * Orders names as people count: `a9` before `a10`. Runs of digits compare as numbers of any length,
 * everything else by UTF-16 code unit. A total order: names that differ only in leading zeros go by
 * plain comparison.
 */
export function compareNaturally(a: string, b: string): number {
  let atA = 0;
  let atB = 0;
  while (atA < a.length && atB < b.length) {
    const digitsA = digitsAt(a, atA);
    const digitsB = digitsAt(b, atB);
    const bothNumbers = digitsA !== '' && digitsB !== '';
    const order = bothNumbers
      ? compareNumbers(digitsA, digitsB)
      : a.charCodeAt(atA) - b.charCodeAt(atB);
    if (order !== 0) return order;
    atA += bothNumbers ? digitsA.length : 1;
    atB += bothNumbers ? digitsB.length : 1;
  }
  return a.length - atA - (b.length - atB) || comparePlainly(a, b);
}

function digitsAt(text: string, at: number): string {
  DIGITS.lastIndex = at;
  return DIGITS.exec(text)?.[0] ?? '';
}

/** Does not use `Number`, for which 2^53 and 2^53 + 1 are equal. */
function compareNumbers(a: string, b: string): number {
  const significantA = a.replace(/^0+/, '');
  const significantB = b.replace(/^0+/, '');
  return significantA.length - significantB.length || comparePlainly(significantA, significantB);
}

function comparePlainly(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
