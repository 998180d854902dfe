import fc from 'fast-check';

import type { MetadataInput } from '../../lib/codec/records/metadata-input.js';
import type { JsonValue, RecordFields } from '../../lib/codec/records/record-input.js';
import { NOW_MICROS } from './encode-archive.js';

/** The surrogates, which are no characters. */
const SURROGATES = { first: 0xd800, count: 0x800 } as const;

/**
 * Any character. Of its own unit `binary`, fast-check makes a map of a million entries in each
 * process, which takes most of a second.
 */
export const anyCharacter = fc.nat(0x10_ffff - SURROGATES.count).map(
  (n) => String.fromCodePoint(n < SURROGATES.first ? n : n + SURROGATES.count),
  (character) => {
    const [point, ...more] = typeof character === 'string' ? [...character] : [];
    const n = point?.codePointAt(0);
    if (n === undefined || more.length > 0) throw new Error('no character');
    return n < SURROGATES.first ? n : n - SURROGATES.count;
  },
);

/** Text of every Unicode plane, well formed. */
export const anyText = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 12 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 40, maxLength: 60 }),
  fc.tuple(fc.string({ unit: anyCharacter, minLength: 1, maxLength: 2 }), fc.nat(200)).map(repeat),
);

const anyKey = fc.oneof(
  fc.constantFrom('', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '0', '10', 'key'),
  anyText,
);

type Pairs = ReadonlyArray<readonly [key: string, value: string]>;

const anyPairs: fc.Arbitrary<Pairs> = fc.uniqueArray(fc.tuple(anyKey, anyText), {
  maxLength: 6,
  selector: ([key]) => key,
});

export const anyMetadata: fc.Arbitrary<MetadataInput | undefined> = fc.oneof(
  fc.constant(undefined),
  anyPairs,
  anyPairs.map((pairs) => new Map(pairs)),
  anyPairs.map((pairs) => Object.fromEntries(pairs)),
);

export const anyPayload: fc.Arbitrary<JsonValue | Uint8Array> = fc.oneof(
  anyText,
  fc.uint8Array({ maxLength: 300 }),
  fc.json().map((json) => JSON.parse(json)),
);

export const anyMicros = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -200, max: 200 }).map((micros) => NOW_MICROS + micros),
  fc.constantFrom(Number.MIN_SAFE_INTEGER, -1, 0, 1, Number.MAX_SAFE_INTEGER),
);

/** Any record that version 2 can hold. */
export const anyRecord: fc.Arbitrary<RecordFields> = fc.record(
  { metadata: anyMetadata, payload: anyPayload, timeMicros: anyMicros },
  { requiredKeys: ['payload'] },
);

/** The record that a reader must read, as `plain` shows it. */
export function expectedOf(record: RecordFields, sequence?: number) {
  const { payload } = record;
  const bytes =
    typeof payload === 'string' || payload instanceof Uint8Array
      ? Buffer.from(payload)
      : Buffer.from(JSON.stringify(payload));
  return {
    metadata: pairsOf(record.metadata),
    payload: bytes.toString('latin1'),
    sequence,
    timeMicros: sequence === undefined ? undefined : (record.timeMicros ?? NOW_MICROS),
  };
}

function pairsOf(metadata: MetadataInput | null | undefined): string[][] {
  if (metadata === undefined || metadata === null) return [];
  if (Symbol.iterator in metadata && typeof metadata !== 'string') {
    return Array.from(metadata as Iterable<readonly [string, string]>, (pair) => [...pair]);
  }
  return Object.entries(metadata);
}

function repeat([text, times]: [string, number]): string {
  return text.repeat(times);
}
