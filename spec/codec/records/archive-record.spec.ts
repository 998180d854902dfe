import { inspect } from 'node:util';

import { expect } from 'chai';

import type { ArchiveRecord } from '../../../lib/codec/records/archive-record.js';
import type { RecordInput } from '../../../lib/codec/records/record-input.js';
import { decodeArchive, plain } from '../../support/decode-archive.js';
import {
  encodeBlocks,
  encodeJsonLines,
  encodeVersion1,
  WRITER_ID,
} from '../../support/encode-archive.js';
import { forgeBody, forgeFrame, forgeKeyTable, forgeRecord } from '../../support/forge-frame.js';

const input = {
  metadata: new Map([
    ['kind', 'login'],
    ['__proto__', 'polluted?'],
    ['constructor', 'x'],
  ]),
  payload: '{"user":1}',
  timeMicros: 1_500_500,
};

const formats: ReadonlyArray<readonly [name: string, read: () => ArchiveRecord]> = [
  ['version 2', () => only(decodeArchive(encodeBlocks([input]), { archive: 'a.events' }))],
  ['version 1', () => only(decodeArchive(encodeVersion1([input]), { archive: 'a.events' }))],
  [
    'JSON lines',
    () =>
      only(decodeArchive(encodeJsonLines([input], 'm'), { archive: 'a.events', metadataKey: 'm' })),
  ],
];

/** The only record of an archive of version 2. */
function readBack(record: RecordInput): ArchiveRecord {
  return only(decodeArchive(encodeBlocks([record]), { archive: 'a.events' }));
}

const TIME = '2026-11-30T05:41:38.123456Z';

describe('toJSON of ArchiveRecord', () => {
  it('has everything that the record has', () => {
    const record = readBack({ payload: '{"user":1}', metadata: { kind: 'login' }, time: TIME });
    expect(JSON.parse(JSON.stringify(record))).to.deep.equal({
      time: TIME,
      writer: record.writer,
      sequence: 0,
      metadata: { kind: 'login' },
      payload: { user: 1 },
    });
  });

  it('has the payload as text or base64 where it is no JSON', () => {
    expect(readBack('text').toJSON()).to.include({ payloadText: 'text' });
    expect(readBack(Uint8Array.of(255)).toJSON()).to.include({ payloadBase64: '/w==' });
  });

  it('survives JSON that is nested too deeply for JSON.stringify', () => {
    const payload = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(JSON.parse(JSON.stringify(readBack(payload))).payloadText).to.equal(payload);
    const text = JSON.stringify('[{\\"'.repeat(2000));
    expect(readBack(text).toJSON()).to.include({ payload: JSON.parse(text) });
  });

  it('has no time, writer or sequence where the archive has none', () => {
    const record = only(decodeArchive(encodeVersion1(['1'])));
    expect(JSON.stringify(record)).to.equal('{"metadata":{},"payload":1}');
  });
});

describe('an inspected ArchiveRecord', () => {
  it('shows everything that the record has', () => {
    const record = readBack({ payload: '{"user":1}', metadata: { kind: 'login' }, time: TIME });
    const shown = inspect(record, { breakLength: Number.POSITIVE_INFINITY });
    expect(shown).to.match(/^ArchiveRecord \{/);
    expect(shown).to.include(`time: '${TIME}'`).and.to.include("archive: 'a.events'");
    expect(shown).to.include("metadata: { kind: 'login' }").and.to.include('payload: { user: 1 }');
    expect(shown).to.include(`writer: '${record.writer}'`).and.to.include('sequence: 0');
  });

  it('shows text as text, and bytes as bytes', () => {
    expect(inspect(readBack('a\u001b[31m'))).to.include("payload: 'a\\x1B[31m'");
    expect(inspect(readBack(Uint8Array.of(0, 255)))).to.include('payload: <Buffer 00 ff>');
  });

  it('escapes what reorders text or is invisible, with and without colours', () => {
    const record = readBack({ payload: 'a\u202eb\u200b', metadata: { '\u2066': '\u061c' } });
    for (const colors of [false, true]) {
      const shown = inspect(record, { colors });
      expect(shown).to.include('\\u202eb\\u200b').and.to.include('\\u2066');
      expect(shown).to.not.match(/[\u202e\u200b\u2066\u061c]/);
    }
    expect(inspect(record, { colors: true })).to.include('\u001b[32m');
  });

  it('cuts what is long', () => {
    const metadata = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key ${i}`, 'v']));
    for (const payload of ['€'.repeat(3e5), Buffer.alloc(1e5, 255), `[${'1,'.repeat(1e5)}1]`]) {
      const shown = inspect(readBack({ payload, metadata }));
      expect(shown.length).to.be.lessThan(4000);
      expect(shown).to.match(/\d+ more bytes/);
      expect(shown).to.include("'more metadata': 480");
    }
    expect(inspect(readBack('€'.repeat(3e5)))).to.include('€€€€');
  });

  it('is short inside of other objects', () => {
    expect(inspect({ a: { b: { c: readBack('1') } } }, { depth: 1 })).to.not.include('payload');
  });
});

function only(records: readonly ArchiveRecord[]): ArchiveRecord {
  const [record] = records;
  if (record === undefined || records.length !== 1) throw new Error(`${records.length} records`);
  return record;
}

describe('ArchiveRecord', () => {
  for (const [name, read] of formats) {
    describe(`of ${name}`, () => {
      it('has metadata without a prototype, in which any key is just a key', () => {
        const { metadata } = read();
        expect(Object.getPrototypeOf(metadata)).to.equal(null);
        expect(Object.entries(metadata)).to.deep.equal([...input.metadata]);
        expect('toString' in metadata).to.equal(false);
      });

      it('has metadata that cannot be changed', () => {
        const metadata: Record<string, string> = read().metadata;
        expect(() => {
          metadata.kind = 'logout';
        }).to.throw(TypeError);
        expect(metadata.kind).to.equal('login');
      });

      it('decodes its metadata once', () => {
        const record = read();
        expect(record.metadata).to.equal(record.metadata);
      });

      it('has the payload as bytes, as text and as JSON', () => {
        const record = read();
        expect(record.payload.toString()).to.equal('{"user":1}');
        expect(record.payload).to.equal(record.payload);
        expect(record.text()).to.equal('{"user":1}');
        expect(record.json()).to.deep.equal({ user: 1 });
      });

      it('has the name of its archive', () => {
        expect(read().archive).to.equal('a.events');
      });

      it('is equal when copied to new memory', () => {
        const record = read();
        const copy = record.copy();
        expect(plain(copy)).to.deep.equal(plain(record));
        expect(copy.metadata).to.deep.equal(record.metadata);
        expect([copy.archive, copy.writer]).to.deep.equal([record.archive, record.writer]);
        record.payload.fill(0);
        for (const pair of record.rawMetadata()) for (const bytes of pair) bytes.fill(0);
        expect(copy.text()).to.equal('{"user":1}');
        expect(copy.metadata).to.include({ kind: 'login', constructor: 'x' });
      });
    });
  }

  it('has time, sequence and writer in version 2', () => {
    const record = only(decodeArchive(encodeBlocks([input], { sequence: 41 })));
    expect(record.sequence).to.equal(41);
    expect(record.timeMicros).to.equal(1_500_500);
    expect(record.time?.toISOString()).to.equal('1970-01-01T00:00:01.500Z');
    expect(record.writer).to.equal(WRITER_ID.toString('hex'));
    expect(record.archive).to.equal(undefined);
  });

  it('has no time, sequence or writer in version 1', () => {
    const record = only(decodeArchive(encodeVersion1([input])));
    const { sequence, timeMicros, time, writer } = record;
    expect([sequence, timeMicros, time, writer]).to.deep.equal(Array(4).fill(undefined));
  });

  it('returns the payload as a view on its block', () => {
    const archive = encodeBlocks(['view']);
    const record = only(decodeArchive(archive));
    expect(record.payload.buffer.byteLength).to.be.at.least(archive.length);
  });

  it('throws a SyntaxError from json() if the payload is not JSON', () => {
    expect(() => only(decodeArchive(encodeBlocks(['{']))).json()).to.throw(SyntaxError);
  });

  it('reads bytes that are not UTF-8 as U+FFFD in text(), and unchanged in payload', () => {
    const record = only(decodeArchive(encodeBlocks([Uint8Array.of(0x61, 0xff)])));
    expect(record.text()).to.equal('a\ufffd');
    expect([...record.payload]).to.deep.equal([0x61, 0xff]);
  });

  describe('whose metadata is not UTF-8', () => {
    const metadata = Buffer.from('0001ff010180', 'hex');
    const table = Buffer.concat([Buffer.from([2, 2, 0xc3, 0x28]), forgeKeyTable('ok').subarray(1)]);
    const frame = forgeFrame(forgeBody(forgeRecord('p', metadata), table));

    it('reads it as U+FFFD', () => {
      const { metadata: read } = only(decodeArchive(frame));
      expect({ ...read }).to.deep.equal({ '\ufffd(': '\ufffd', ok: '\ufffd' });
    });

    it('has the bytes in rawMetadata, copied or not', () => {
      const record = only(decodeArchive(frame));
      for (const one of [record, record.copy()]) {
        const hex = one
          .rawMetadata()
          .map((pair) => pair.map((b) => Buffer.from(b).toString('hex')));
        expect(hex).to.deep.equal([
          ['c328', 'ff'],
          ['6f6b', '80'],
        ]);
      }
    });

    it('is written back byte for byte, by version 2 and version 1', () => {
      const record = only(decodeArchive(frame));
      const hex = (one: ArchiveRecord) =>
        one.rawMetadata().map((pair) => pair.map((bytes) => Buffer.from(bytes).toString('hex')));
      for (const encode of [encodeBlocks, encodeVersion1]) {
        const again = only(decodeArchive(encode([record])));
        expect(hex(again)).to.deep.equal(hex(record));
      }
    });
  });
});
