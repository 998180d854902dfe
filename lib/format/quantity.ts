import ms from 'ms';

import { quote } from '../errors/show.js';

/** A number of bytes, or a string such as `'100 MiB'`, `'1.5 GB'`, `'512'`. */
export type ByteCount = number | string;

/** A number of milliseconds, or a string such as `'5m'`, `'1h'`, `'250ms'`. */
export type Duration = number | string;

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/**
 * Parses a size. Units follow IEC 80000-13: `KiB` is 1,024 bytes and `kB` is 1,000. Case is
 * ignored.
 *
 * @param name the option's name, for the message
 * @throws RangeError if it is not a whole number of bytes, 0 to 2^53 - 1
 */
export function parseByteCount(value: ByteCount, name: string): number {
  const bytes = typeof value === 'string' ? bytesOf(value) : value;
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw new RangeError(`${name} is ${quote(value)}, expected bytes or a size such as '100 MiB'`);
  }
  return bytes;
}

/**
 * Parses a duration: a number of milliseconds, or text in the notation of the `ms` package.
 *
 * @param name the option's name, for the message
 * @throws RangeError if it is not a finite number of milliseconds, 0 or more
 */
export function parseDurationMs(value: Duration, name: string): number {
  const duration = typeof value === 'string' ? durationOf(value) : value;
  if (!Number.isFinite(duration) || duration < 0) {
    throw new RangeError(`${name} is ${quote(value)}, expected ms or a duration such as '5m'`);
  }
  return duration;
}

function bytesOf(text: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const bytesPerUnit = BYTES_PER_UNIT[unit?.toUpperCase() ?? '-'];
  return bytesPerUnit === undefined ? Number.NaN : Math.round(Number(digits) * bytesPerUnit);
}

function durationOf(text: string): number {
  // ms() throws for empty text and for text of more than 100 characters.
  if (text === '' || text.length > 100) return Number.NaN;
  return ms(text as ms.StringValue) ?? Number.NaN;
}
