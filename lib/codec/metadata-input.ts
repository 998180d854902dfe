import { RecordError } from '../errors/record-error.js';
import { ArchiveRecord } from './archive-record.js';
import type { Piece } from './text.js';

/** A record's metadata as it may be given. Keys are distinct. */
export type MetadataInput =
  | Readonly<Record<string, string>>
  | ReadonlyMap<string, string>
  | ReadonlyArray<readonly [key: string, value: string]>;

/** Keys and values in turn: text, or the bytes of an archive that is being copied. */
export type FlatMetadata = Piece[];

/** Objects without keys of their own: taken as metadata they would be lost without a word. */
const WITHOUT_KEYS = [Set, Promise, ArrayBuffer];

/**
 * Fills `flat`, which is used again for each record, with the pairs of `metadata`.
 *
 * @throws RecordError for what is not string:string, or names a key twice
 */
export function flattenMetadata(
  metadata: MetadataInput | ArchiveRecord | null | undefined,
  flat: FlatMetadata,
): void {
  flat.length = 0;
  if (metadata === undefined || metadata === null) return;
  if (metadata instanceof ArchiveRecord) {
    for (const [key, value] of metadata.rawMetadata()) flat.push(key, value);
  } else if (isMap(metadata)) {
    for (const [key, value] of metadata) pushPair(flat, key, value);
  } else if (Array.isArray(metadata)) {
    flattenPairs(metadata, flat);
  } else if (
    typeof metadata === 'object' &&
    !WITHOUT_KEYS.some((kind) => metadata instanceof kind)
  ) {
    const object = metadata as Readonly<Record<string, string>>;
    for (const key of Object.keys(object)) pushPair(flat, key, object[key]);
  } else {
    throw new RecordError('metadata', `is ${String(metadata)}, expected an object, a Map or pairs`);
  }
}

function isMap(metadata: MetadataInput): metadata is ReadonlyMap<string, string> {
  return metadata instanceof Map;
}

function flattenPairs(pairs: readonly unknown[], flat: FlatMetadata): void {
  const seen = new Set<unknown>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw new RecordError('metadata', 'has an entry that is not a pair of a key and a value');
    }
    if (seen.has(pair[0])) throw new RecordError(fieldOf(pair[0]), 'is given twice');
    seen.add(pair[0]);
    pushPair(flat, pair[0], pair[1]);
  }
}

function pushPair(flat: FlatMetadata, key: unknown, value: unknown): void {
  if (typeof key !== 'string') {
    throw new RecordError('metadata', `has a key that is ${kindOf(key)}, expected a string`);
  }
  if (typeof value !== 'string') {
    throw new RecordError(fieldOf(key), `is ${kindOf(value)}, expected a string`);
  }
  flat.push(key, value);
}

/** How messages name the metadata under `key`. */
export function fieldOf(key: unknown): string {
  const shown = JSON.stringify(String(key));
  return `metadata[${shown.length > 80 ? `${shown.slice(0, 80)}…"` : shown}]`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
