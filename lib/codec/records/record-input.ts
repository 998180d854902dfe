import { types } from 'node:util';

import { RecordError } from '../../errors/record-error.js';
import { quote } from '../../errors/show.js';
import { isBytes } from '../bytes/is-bytes.js';
import { type ArchiveRecord, isArchiveRecord } from './archive-record.js';
import { parseIsoMicros } from './iso-time.js';
import { describe, toJson } from './json-payload.js';
import type { MetadataInput } from './metadata-input.js';
import { checkFields } from './record-fields.js';

/**
 * A value that `JSON.stringify` can encode: any object of an interface or a class, too. A promise or
 * a function does not compile: most often an `await` or a call was forgotten.
 */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | { readonly [key: string]: unknown }
  | (object & { readonly then?: never; readonly bind?: never });

/** The fields of a record to be written. */
export interface RecordFields {
  /** Strings by key. Use a `Map` or pairs to keep the order of integer-like keys. */
  readonly metadata?: MetadataInput | null | undefined;
  /** A string is stored as UTF-8, bytes unchanged, any other value as its JSON. */
  readonly payload: string | Uint8Array | JsonValue;
  /**
   * When it happened: a Date, ms since the epoch, or text in ISO 8601 with its zone, such as
   * `2026-11-30T05:41:38.123456Z`; a date alone is its midnight in UTC. @default the time of the
   * write
   */
  readonly time?: Date | number | string | undefined;
  /** The time in µs since the epoch. It takes precedence over `time`. */
  readonly timeMicros?: number | undefined;
  /**
   * The number that the source gives the record: a whole number from 0 to 2^53 - 2. Ignored unless
   * the writer has `sequences: 'given'`, so that a record that was read can be written again.
   */
  readonly sequence?: number | undefined;
}

/** A record to be written. A bare string or `Uint8Array` is a payload without metadata. */
export type RecordInput = RecordFields | ArchiveRecord | string | Uint8Array;

/**
 * The bytes or text to store as a record's payload.
 *
 * @throws RecordError if it is not a record or has no payload
 */
export function payloadOf(input: RecordInput): string | Uint8Array {
  if (typeof input === 'string' || isBytes(input)) return input;
  if (typeof input !== 'object' || input === null) {
    throw new RecordError('payload', `is missing: expected a record, found ${describe(input)}`);
  }
  if (!isArchiveRecord(input)) checkFields(input);
  const payload: unknown = input.payload;
  if (typeof payload === 'string' || isBytes(payload)) return payload;
  return toJson(payload);
}

/**
 * A record's time in µs since the epoch, or `now` if it has none.
 *
 * @throws RecordError if the time is not one, or is outside ±(2^53 - 1) µs (years 1684 to 2255)
 */
export function timeMicrosOf(input: RecordInput, now: number): number {
  if (typeof input === 'string' || isBytes(input)) return now;
  if (input.timeMicros !== undefined) return checkTime('timeMicros', input.timeMicros, 1);
  const time: unknown = input.time;
  if (time === undefined) return now;
  // The most frequent cases first: `isDate` is a call into C++.
  if (typeof time === 'number') return checkTime('time', time, 1000);
  if (types.isDate(time)) return checkTime('time', Date.prototype.getTime.call(time), 1000);
  if (typeof time === 'string') return checkIsoTime(time);
  return checkTime('time', time, 1000);
}

/**
 * The sequence that a record was given.
 *
 * @throws RecordError if it has none, or one that is not from 0 to 2^53 - 2
 */
export function sequenceOf(input: RecordInput): number {
  const sequence: unknown =
    typeof input === 'object' && input !== null && !isBytes(input) ? input.sequence : undefined;
  if (sequence === undefined) {
    throw new RecordError('sequence', "is missing: the writer has sequences: 'given'");
  }
  const isValid =
    Number.isSafeInteger(sequence) && Number(sequence) >= 0 && sequence !== Number.MAX_SAFE_INTEGER;
  if (isValid) return Number(sequence);
  throw new RecordError(
    'sequence',
    `is ${describe(sequence)}, expected a whole number from 0 to 2^53 - 2`,
  );
}

/** A record's metadata as the caller gave them. */
export function metadataOf(input: RecordInput): MetadataInput | ArchiveRecord | null | undefined {
  if (typeof input === 'string' || isBytes(input)) return undefined;
  return isArchiveRecord(input) ? input : input.metadata;
}

/** The error for text with half of a surrogate pair, which UTF-8 cannot encode. */
export function loneSurrogate(field: string): RecordError {
  return new RecordError(field, 'has a lone surrogate, which UTF-8 cannot hold');
}

function checkIsoTime(time: string): number {
  const micros = parseIsoMicros(time);
  if (Number.isSafeInteger(micros)) return micros;
  throw new RecordError(
    'time',
    `is ${quote(time.slice(0, 40))}, expected a time in the years 1684 to 2255: ` +
      'a Date, ms, or ISO 8601 with its zone',
  );
}

function checkTime(field: string, time: unknown, microsPerUnit: number): number {
  const micros = typeof time === 'number' ? Math.round(time * microsPerUnit) : Number.NaN;
  if (!Number.isSafeInteger(micros)) {
    throw new RecordError(field, `is ${describe(time)}, expected a time in the years 1684 to 2255`);
  }
  return micros;
}
