import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import * as zlib from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';

import {
  ArchiveRecord,
  createOrigin,
  type MetadataLayout,
  type RawPair,
} from '../../lib/codec/records/archive-record.js';
import { type ToParquetOptions, toParquet } from '../../lib/exporting/to-parquet.js';
import { anyCharacter } from '../support/arbitrary-record.js';
import { decodeArchive } from '../support/decode-archive.js';
import { encodeBlocks } from '../support/encode-archive.js';

type Records = Parameters<typeof encodeBlocks>[0];

async function write(records: Records, options?: ToParquetOptions): Promise<ArrayBuffer> {
  const archived = decodeArchive(encodeBlocks(records));
  const bytes = await buffer(Readable.from(archived).pipe(toParquet(options)));
  return new Uint8Array(bytes).buffer;
}

async function rowsOf(file: ArrayBuffer): Promise<Record<string, unknown>[]> {
  const decompress: unknown = Reflect.get(zlib, 'zstdDecompressSync');
  const compressors =
    typeof decompress === 'function'
      ? { ZSTD: (bytes: Uint8Array): Uint8Array => decompress(bytes) }
      : {};
  return parquetReadObjects({ file, compressors });
}

const anyText = fc.oneof(fc.string({ unit: anyCharacter }), fc.constantFrom('', 'a', 'b'));

/** A number that JSON holds: a payload with another one is refused. */
const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true });

const anyRecord = fc.record({
  timeMicros: fc.oneof(
    fc.integer({ min: 1.7e15, max: 1.7e15 + 1e7 }),
    fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
  ),
  metadata: fc.dictionary(fc.constantFrom('event', 'tenant', 'x'), anyText),
  payload: fc.oneof(
    fc.record({ a: fc.oneof(anyText, fc.constant(null), anyNumber) }, { requiredKeys: [] }),
    fc.string(),
  ),
});

describe('toParquet, read by hyparquet', () => {
  it('keeps any times, metadata, payloads and values', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 30 }), async (records) => {
        const archived = decodeArchive(encodeBlocks(records));
        // Columns may have the names of the parts of the map.
        const columns = { value: 'metadata.event', key: 'payload.a', at: 'time' };
        const rows = await rowsOf(await write(records, { columns }));
        expect(rows).to.have.length(archived.length);
        for (const [i, { metadata, sequence, text, timeMicros, writer }] of archived
          .map((record) => ({ ...pick(record), text: record.text() }))
          .entries()) {
          const row = rows[i] ?? {};
          expect(row).to.deep.include({ writer, sequence: BigInt(sequence ?? 0), payload: text });
          expect(Number(row.time)).to.equal(Math.trunc((timeMicros ?? 0) / 1000));
          expect(row.metadata).to.deep.equal({ ...metadata });
          expect(row.value ?? undefined).to.equal(metadata.event);
          expect(row.key ?? undefined).to.equal(memberOf(text));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('has the metadata that records have, whatever bytes an archive holds', async () => {
    const long = 'x'.repeat(40);
    const cases: ReadonlyArray<readonly (readonly [string | Buffer, string | Buffer])[]> = [
      [],
      [['a', '1']],
      [
        ['a', '1'],
        ['b', ''],
        ['a', '2'],
      ],
      [
        [Buffer.of(0xff), 'one'],
        [Buffer.of(0xfe), 'two'],
      ],
      [['a', Buffer.of(0x61, 0xff)]],
      [['a', `${long}é${long}`]],
      [['a', Buffer.concat([Buffer.from(long), Buffer.of(0xff), Buffer.from(long)])]],
      [['a', 'y'.repeat(300)]],
      [['', '7']],
      Array.from({ length: 40 }, (_, i) => [`key ${i % 39}`, `${i}`] as const),
    ];
    // Each in a block of its own, because one key too many in a table counts for all of its block.
    const records = cases.flatMap((pairs) => {
      const raw = pairs.map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const);
      const [record] = decodeArchive(encodeBlocks([rawRecord(raw)]));
      return record === undefined ? [] : [record, record];
    });
    const bytes = await buffer(Readable.from(records).pipe(toParquet()));
    const rows = await rowsOf(new Uint8Array(bytes).buffer);
    expect(rows.map(({ metadata }) => metadata)).to.deep.equal(
      records.map(({ metadata }) => ({ ...metadata })),
    );
    expect(rows[4]?.metadata).to.deep.equal({ a: '2', b: '' });
  });

  it('has bounds of times, sequences and columns, with which readers skip row groups', async () => {
    const records = ['b', 'a', 'c', 'a'].map((kind, i) => ({
      ...{ timeMicros: 1e15 + i, metadata: { kind } },
      payload: { kind },
    }));
    const columns = ['metadata.kind', 'payload.kind'];
    const { row_groups } = parquetMetadata(await write(records, { columns }));
    const bounds = row_groups[0]?.columns.map(({ meta_data }) => [
      meta_data?.statistics?.min_value,
      meta_data?.statistics?.max_value,
    ]);
    expect(bounds?.[2]).to.deep.equal([0n, 3n]);
    expect(bounds?.slice(-2)).to.deep.equal([
      ['a', 'c'],
      ['a', 'c'],
    ]);
    // Spark counts the middle of a row group from its first column.
    const offsets = row_groups[0]?.columns.map(({ file_offset }) => Number(file_offset)) ?? [];
    expect(offsets).to.deep.equal(offsets.toSorted((a, b) => a - b));
    const encodings = row_groups[0]?.columns.map(({ meta_data }) => meta_data?.encodings.at(-1));
    expect(encodings?.slice(0, 4)).to.deep.equal([
      ...['DELTA_BINARY_PACKED', 'RLE_DICTIONARY', 'DELTA_BINARY_PACKED', 'RLE_DICTIONARY'],
    ]);
  });
});

/** A record whose metadata are any bytes, as a copy of one of version 1 may have them. */
function rawRecord(pairs: RawPair[]): ArchiveRecord {
  const layout: MetadataLayout = { decode: () => ({}), pairs: () => pairs };
  const origin = createOrigin(undefined, undefined, layout);
  const span = { metadataStart: 0, metadataEnd: 0, payloadStart: 0, payloadEnd: 0 };
  return new ArchiveRecord(origin, Buffer.alloc(0), span, 0, 0);
}

function pick({
  metadata,
  sequence,
  timeMicros,
  writer,
}: ReturnType<typeof decodeArchive>[number]) {
  return { metadata, sequence, timeMicros, writer };
}

/** The text that a column of the payload's member `a` has. */
function memberOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)?.a;
    if (value === null || value === undefined) return undefined;
    return typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value);
  } catch {
    return undefined;
  }
}
