/** A date, or a date and time with its zone, in ISO 8601. */
const ISO_TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?))?$/i;

/**
 * Reads a time in ISO 8601, such as `2026-11-30T05:41:38.123456Z`. A date alone means its midnight
 * in UTC. A time needs its zone: without it, it would mean another moment on each computer. Digits
 * after those of µs are dropped.
 *
 * @returns µs since the epoch; NaN for any other text
 */
export function parseIsoMicros(text: string): number {
  const [, date, minutes = '00:00', seconds = '00', fraction = '', zone = 'Z'] =
    ISO_TIME.exec(text) ?? [];
  if (date === undefined) return Number.NaN;
  const [, sign = '+', hours = '00', rest = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  const ms = Date.parse(`${date}T${minutes}:${seconds}${sign}${hours}:${rest}`);
  // `Date.parse` takes February 30 for a day of March.
  if (!isDay(date)) return Number.NaN;
  return ms * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** A time of the years 1684 to 2255 in ISO 8601, in UTC with all six digits of its µs. */
export function formatIsoMicros(micros: number): string {
  const ms = Math.floor(micros / 1000);
  const rest = micros - ms * 1000;
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

function isDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(date);
}
