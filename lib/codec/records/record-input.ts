import { RecordError } from '../../errors/record-error.js';
import { ArchiveRecord } from './archive-record.js';
import type { MetadataInput } from './metadata-input.js';

/** What `JSON.stringify` takes. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | { readonly [key: string]: JsonValue | undefined }
  | readonly JsonValue[]
  | { toJSON(key?: string): unknown };

/** A record to be written, by its parts. */
export interface RecordFields {
  /** Strings by string. A `Map` or pairs keep an order that begins with integer-like keys. */
  readonly metadata?: MetadataInput | null | undefined;
  /** A string is stored as its UTF-8, bytes as they are, any other value as its JSON. */
  readonly payload: string | Uint8Array | JsonValue;
  /** When it happened; a number is in milliseconds since the epoch. @default when it is written */
  readonly time?: Date | number | undefined;
  /** The same in microseconds, and before `time` where both are given. */
  readonly timeMicros?: number | undefined;
}

/** A record to be written; a bare string or `Uint8Array` is a payload without metadata. */
export type RecordInput = RecordFields | ArchiveRecord | string | Uint8Array;

/**
 * The bytes or the text to be stored for a record.
 *
 * @throws RecordError for what is not a record or has no payload
 */
export function payloadOf(input: RecordInput): string | Uint8Array {
  if (typeof input === 'string' || input instanceof Uint8Array) return input;
  if (typeof input !== 'object' || input === null) {
    throw new RecordError('payload', `is missing: expected a record, found ${describe(input)}`);
  }
  const payload: unknown = input.payload;
  if (typeof payload === 'string' || payload instanceof Uint8Array) return payload;
  return toJson(payload);
}

/**
 * A record's own time in µs since the epoch, or `now` where it has none.
 *
 * @throws RecordError for a time that is none, or is outside ±(2^53 - 1) µs (years 1684 to 2255)
 */
export function timeMicrosOf(input: RecordInput, now: number): number {
  if (typeof input === 'string' || input instanceof Uint8Array) return now;
  if (input.timeMicros !== undefined) return checkTime('timeMicros', input.timeMicros, 1);
  const time: unknown = input.time;
  if (time === undefined) return now;
  if (time instanceof Date) return checkTime('time', time.getTime(), 1000);
  return checkTime('time', time, 1000);
}

/** A record's metadata as it was given. */
export function metadataOf(input: RecordInput): MetadataInput | ArchiveRecord | null | undefined {
  if (input instanceof ArchiveRecord) return input;
  return typeof input === 'string' || input instanceof Uint8Array ? undefined : input.metadata;
}

/** The error for text that has half of a surrogate pair: UTF-8 has no bytes for it. */
export function loneSurrogate(field: string): RecordError {
  return new RecordError(field, 'has a lone surrogate, which UTF-8 cannot hold');
}

function checkTime(field: string, time: unknown, microsPerUnit: number): number {
  const micros = typeof time === 'number' ? Math.round(time * microsPerUnit) : Number.NaN;
  if (!Number.isSafeInteger(micros)) {
    throw new RecordError(field, `is ${describe(time)}, expected a time in the years 1684 to 2255`);
  }
  return micros;
}

/** These have no JSON of their own: they would be stored as `{}`, and their contents lost. */
const WITHOUT_JSON = [Map, Set, Promise, RegExp, Error, ArrayBuffer, SharedArrayBuffer];

function toJson(payload: unknown): string {
  const isLost =
    WITHOUT_JSON.some((kind) => payload instanceof kind) || ArrayBuffer.isView(payload);
  if (isLost && !hasToJson(payload)) {
    throw new RecordError('payload', `is ${describe(payload)}, expected text, bytes or JSON`);
  }
  let json: string | undefined;
  try {
    json = JSON.stringify(payload);
  } catch (cause) {
    throw new RecordError('payload', `has no JSON: ${String(cause)}`, { cause });
  }
  if (json === undefined) {
    throw new RecordError('payload', `is ${describe(payload)}, expected text, bytes or JSON`);
  }
  return json;
}

function hasToJson(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'toJSON' in value;
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return `a ${value.constructor?.name ?? 'object without a prototype'}`;
  }
  return typeof value === 'function' ? 'a function' : String(value);
}
