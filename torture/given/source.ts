/** The name of a source that numbers its records. */
export const SOURCE = 'topic/0';

/** Some numbers are missing, as in a compacted log. */
export function isInSource(number: number): boolean {
  return number % 10 !== 7;
}

/** The record with a number, whichever process archives it. */
export function recordOf(number: number) {
  return { payload: `record ${number}`, sequence: number, timeMicros: number };
}
