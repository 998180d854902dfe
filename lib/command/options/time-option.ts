const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** An ISO 8601 date, with or without a time of day, its fraction and its zone. */
const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * A time: ISO 8601, or relative to now such as `-1h`, `-90m` or `-2d`. A time without a zone is in
 * UTC, as the times in archives are.
 */
export function parseTime(text: string, nowMs = Date.now()): string {
  if (text === 'now') return new Date(nowMs).toISOString();
  const [, amount, unit = ''] = /^-(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (amount !== undefined && unitMs !== undefined) {
    const ms = nowMs - Number(amount) * unitMs;
    if (Math.abs(ms) <= 8.64e15) return new Date(ms).toISOString();
  }
  const iso = ISO.test(text) ? inUtc(text) : '';
  if (isDay(text.slice(0, 10)) && !Number.isNaN(Date.parse(iso))) return iso;
  throw new RangeError('expected a time such as 2026-11-30T09:00Z, 2026-11-30 or -1h');
}

/** `Date.parse` takes February 30 for a day of March. */
function isDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(date);
}

function inUtc(text: string): string {
  const iso = text.replace(' ', 'T').replace(',', '.');
  if (!iso.includes('T') || /(?:Z|[+-]\d\d:?\d\d)$/.test(iso.slice(11))) return iso;
  return `${iso}Z`;
}
