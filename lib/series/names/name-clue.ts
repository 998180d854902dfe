import { findTimeInName, type NamedPeriod, type TimeInName } from './time-in-name.js';

/** Facts in a name about the position of its archive in the series. */
export interface NameClue {
  /** The writer's id, 16 hex digits. */
  readonly writer: string | undefined;
  /** The archive's number within its writer. */
  readonly ordinal: number | undefined;
  readonly period: NamedPeriod | undefined;
}

/** An id that stands alone: digests are longer. */
const WRITER = /(?<![0-9a-z])[0-9a-f]{16}(?![0-9a-z])/;

/** An ordinal right after the writer's id, as in `[[WRITER]]-[[SEQUENCE]]`. */
const ORDINAL_AFTER = /^[^0-9a-z]{1,2}(\d{6,15})(?!\d)/i;

/** An ordinal right before the writer's id. */
const ORDINAL_BEFORE = /(?<!\d)(\d{6,15})[^0-9a-z]{1,2}$/i;

/**
 * Reads the writer's id, the ordinal and the time in a name, without knowing its template. The clue
 * may be wrong: the name may be one that others chose. Only the archive's head is certain.
 *
 * @returns undefined if the name gives no order: it has no time, and not both writer and ordinal
 */
export function readNameClue(name: string): NameClue | undefined {
  const time = findTimeInName(name);
  const period = time?.period;
  const found = WRITER.exec(name);
  if (found === null) {
    return period === undefined ? undefined : { writer: undefined, ordinal: undefined, period };
  }
  const [writer] = found;
  const after = ORDINAL_AFTER.exec(name.slice(found.index + writer.length));
  const before = after === null ? ORDINAL_BEFORE.exec(name.slice(0, found.index)) : null;
  // In `20261130_` before the id, the digits are a date.
  const isTime = before !== null && time !== undefined && before.index < endOf(time);
  const digits = (after ?? (isTime ? null : before))?.[1];
  const ordinal = digits === undefined ? undefined : Number(digits);
  if (period === undefined && ordinal === undefined) return undefined;
  return { writer, ordinal, period };
}

function endOf({ index, text }: TimeInName): number {
  return index + text.length;
}
