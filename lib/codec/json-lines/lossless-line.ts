import { isUtf8 } from 'node:buffer';

import { isArchiveRecord, type RawPair } from '../records/archive-record.js';
import { formatIsoMicros } from '../records/iso-time.js';
import { type FlatMetadata, fieldOf, flattenMetadata } from '../records/metadata-input.js';
import { toBase64 } from '../records/payload-form.js';
import {
  loneSurrogate,
  metadataOf,
  payloadOf,
  type RecordInput,
  timeMicrosOf,
} from '../records/record-input.js';
import { isJson } from './json-syntax.js';

export interface LosslessLineOptions {
  /** Where the payload's own members come on top: the key of the member for the rest. */
  readonly recordKey?: string | undefined;
  /** Whether to name the archive and the offset that the record was read from. @default false */
  readonly hasOrigin?: boolean | undefined;
}

/**
 * A record as one line of JSON that holds everything (docs/format.md, "Lossless JSON lines"),
 * without the line feed at its end.
 *
 * @throws RecordError for what is not a record, and for text with half of a surrogate pair
 */
export function losslessLine(
  input: RecordInput,
  { hasOrigin = false, recordKey }: LosslessLineOptions = {},
): string {
  const payload = payloadOf(input);
  if (typeof payload === 'string' && !payload.isWellFormed()) throw loneSurrogate('payload');
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : bufferOf(payload);
  const origin = hasOrigin ? originMembers(input) : [];
  const facts = [...identityMembers(input), ...origin, ...metadataMembers(input)];
  if (!isUtf8(bytes)) return lineOf(facts, `"payloadBase64":${JSON.stringify(toBase64(bytes))}`);
  const text = typeof payload === 'string' ? payload : bytes.toString('utf8');
  if (!isLineOfJson(bytes)) return lineOf(facts, `"payloadText":${JSON.stringify(text)}`);
  if (recordKey !== undefined && isOpenObject(text, recordKey)) {
    return withMember(text, `${JSON.stringify(recordKey)}:{${facts.join(',')}}`);
  }
  return lineOf(facts, `"payload":${text}`);
}

function lineOf(facts: readonly string[], payload: string): string {
  return `{${[...facts, payload].join(',')}}`;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** JSON may hold line breaks between its tokens, but a line may not. Builds no values. */
function isLineOfJson(bytes: Buffer): boolean {
  return !bytes.includes(CARRIAGE_RETURN) && isJson(bytes, Number.POSITIVE_INFINITY);
}

const CARRIAGE_RETURN = 0x0d;

/** Longer objects are not parsed, because that may take 100 times their size. */
const LONGEST_ON_TOP = 2 ** 20;

/** The members for time, writer and sequence, if the record has them. A time is never invented. */
function identityMembers(input: RecordInput): string[] {
  const micros = timeMicrosOf(input, Number.NaN);
  const members = Number.isNaN(micros) ? [] : [`"time":"${formatIsoMicros(micros)}"`];
  if (!isArchiveRecord(input)) return members;
  const { sequence, writer } = input;
  if (writer !== undefined) members.push(`"writer":${JSON.stringify(writer)}`);
  if (sequence !== undefined) members.push(`"sequence":${sequence}`);
  return members;
}

/** Where the record was read. */
function originMembers(input: RecordInput): string[] {
  if (!isArchiveRecord(input)) return [];
  const { archive, offset } = input;
  return [
    ...(archive === undefined ? [] : [`"archive":${JSON.stringify(archive)}`]),
    ...(offset === undefined ? [] : [`"offset":${offset}`]),
  ];
}

function metadataMembers(input: RecordInput): string[] {
  if (isArchiveRecord(input)) {
    const pairs = input.rawMetadata();
    const keys = new Set(pairs.map(([key]) => Buffer.from(key).toString('latin1')));
    const isText = pairs.every((pair) => pair.every((bytes) => isUtf8(bytes)));
    if (isText && keys.size === pairs.length) return [textMember(pairs.map(textsOf))];
    // Version 1 allows metadata that no JSON object can hold. They come twice: to read, and exact.
    const exact = pairs.map((pair) => pair.map(toBase64));
    return [
      `"metadata":${JSON.stringify(input.metadata)}`,
      `"metadataBase64":${JSON.stringify(exact)}`,
    ];
  }
  const flat: FlatMetadata = [];
  flattenMetadata(metadataOf(input), flat);
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([String(flat[i]), String(flat[i + 1])]);
  for (const [key, value] of pairs) {
    if (!key.isWellFormed() || !value.isWellFormed()) throw loneSurrogate(fieldOf(key));
  }
  return [textMember(pairs)];
}

function textsOf(pair: RawPair): [key: string, value: string] {
  const [key, value] = pair;
  return [Buffer.from(key).toString('utf8'), Buffer.from(value).toString('utf8')];
}

/** Written by hand: in an object, JavaScript would put keys such as `7` first. */
function textMember(pairs: readonly (readonly [key: string, value: string])[]): string {
  const members = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `"metadata":{${members.join(',')}}`;
}

/** Whether JSON is an object that has no member of this name. */
function isOpenObject(json: string, key: string): boolean {
  if (json.length > LONGEST_ON_TOP) return false;
  const value: unknown = JSON.parse(json);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && !Object.hasOwn(value, key);
}

/** The text of an object with one more member at its end. All of its own text stays as it is. */
function withMember(object: string, member: string): string {
  const end = object.lastIndexOf('}');
  const isEmpty = object.slice(0, end).trim() === '{';
  return `${object.slice(0, end)}${isEmpty ? '' : ','}${member}${object.slice(end)}`;
}
