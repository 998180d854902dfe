import ms from 'ms';

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** A size in bytes: `100MiB`, `1.5 GB`, `512`. Units as in IEC 80000-13; case is ignored. */
export function byteCount(text: string): number {
  const [, digits, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const bytes = Math.round(Number(digits) * (BYTES_PER_UNIT[unit.toLowerCase()] ?? Number.NaN));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new RangeError('expected a size such as 100MiB');
}

/** A duration in whole milliseconds: `5m`, `1h`, `250ms`. */
export function duration(text: string): number {
  const isDuration = /^\s*\d+(?:\.\d+)?\s*(?:ms|s|m|h|d|w)\s*$/.test(text);
  // `ms` takes text of any length to be of its template type; the pattern has checked it.
  const milliseconds = isDuration ? ms(text.trim() as ms.StringValue) : Number.NaN;
  if (Number.isFinite(milliseconds)) return Math.ceil(milliseconds);
  throw new RangeError('expected a duration such as 5m, 30s or 250ms');
}
