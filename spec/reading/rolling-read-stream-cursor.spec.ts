import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import {
  type ArchiveRecord,
  createArchiveReader,
  type RollingReadOptions,
  type SequenceGap,
  type SeriesPatterns,
} from '../../lib/index.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { encodeJsonLines, encodeVersion1 } from '../support/encode-archive.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';

describe('RollingReadStream, with cursors', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  const pattern = () => join(directory, '*');

  async function write(name: string, bytes: Uint8Array): Promise<void> {
    await writeFile(join(directory, name), bytes);
  }

  interface Mark {
    readonly text: string;
    readonly cursor: string | undefined;
    readonly readerCursor: string;
  }

  /** All records, with both cursors while each is the last one given. */
  async function marksOf(patterns: SeriesPatterns, options?: RollingReadOptions): Promise<Mark[]> {
    const marks: Mark[] = [];
    const reader = createArchiveReader(patterns, options);
    for await (const record of reader) {
      marks.push({ text: record.text(), cursor: record.cursor, readerCursor: reader.cursor });
    }
    return marks;
  }

  async function textsOf(patterns: SeriesPatterns, options?: RollingReadOptions) {
    return (await marksOf(patterns, options)).map(({ text }) => text);
  }

  /** Checks that reading after any record gives the rest, in the same order. */
  async function expectRests(patterns: SeriesPatterns, options: RollingReadOptions = {}) {
    const marks = await marksOf(patterns, options);
    const texts = marks.map(({ text }) => text);
    for (const [i, { cursor, readerCursor }] of marks.entries()) {
      expect(readerCursor).to.equal(cursor);
      const rest = await textsOf(patterns, { ...options, after: readerCursor });
      expect(rest, `after record ${i}`).to.deep.equal(texts.slice(i + 1));
    }
    return texts;
  }

  /** Three writers, each with two archives of several blocks. */
  async function writeThreeWriters(): Promise<void> {
    for (const [i, writer] of ['a', 'b', 'c'].entries()) {
      const first = encodeUnsealed(numbered(`${writer}1`, 3), { writer, time: i, blockBytes: 40 });
      const options = { writer, time: 100 + i, sequence: 3, blockBytes: 40 };
      await write(`${writer}1.events`, first);
      await write(`${writer}2.events`, encodeUnsealed(numbered(`${writer}2`, 2), options));
    }
  }

  describe('continues right after any record', () => {
    it('of several writers', async () => {
      await writeThreeWriters();
      expect(await expectRests(pattern())).to.have.length(15);
    });

    it('of a file that holds archives of several writers', async () => {
      const blocks = ['a', 'b', 'a', 'c', 'b'].map((writer, i) =>
        encodeUnsealed(numbered(`${writer}${i}`, 3), { writer, sequence: 3 * i, blockBytes: 40 }),
      );
      await write('all.events', Buffer.concat(blocks));
      expect(await expectRests(pattern())).to.have.length(15);
    });

    it('of version 1 and JSON lines, of which some are begun, and then of version 2', async () => {
      const records = (name: string) => numbered(name, 3).map((payload) => ({ payload }));
      const lines = (name: string) => numbered(name, 3).map((n) => ({ payload: { n } }));
      await write('a.v1', encodeVersion1(records('a')));
      await write('b.v1.gz', gzipSync(encodeVersion1(records('b'))));
      await write('c.jsonl', encodeJsonLines(lines('c')));
      await write('d.jsonl.open', encodeJsonLines(lines('d')));
      await write('e.events', encodeUnsealed(numbered('e', 3)));
      expect(await expectRests(pattern())).to.have.length(15);
    });

    it('of a file that mixes versions', async () => {
      const old = (name: string) => encodeVersion1([{ payload: name }, { payload: `${name}+` }]);
      const blocks = encodeUnsealed(['x', 'y']);
      await write('a.events', Buffer.concat([old('a'), blocks, old('b')]));
      await write('b.events', Buffer.concat([encodeUnsealed(['0'], { writer: 'b' }), old('c')]));
      expect(await expectRests(pattern())).to.have.length(9);
    });

    it('with where, from and limit', async () => {
      await writeThreeWriters();
      const where = (record: ArchiveRecord) => (record.sequence ?? 0) % 2 === 1;
      await expectRests(pattern(), { where });
      await expectRests(pattern(), { from: new Date(1_700_000_000_003) });
      const [first] = await marksOf(pattern(), { limit: 1 });
      expect(await textsOf(pattern(), { after: first?.cursor, limit: 2 })).to.have.length(2);
    });
  });

  it('reads writers that the cursor does not know from their start', async () => {
    await write('a.events', encodeUnsealed(['a0', 'a1'], { writer: 'a' }));
    const [, last] = await marksOf(pattern());
    await write('b.events', encodeUnsealed(['b0'], { writer: 'b' }));
    await write('c.v1', encodeVersion1([{ payload: 'c0' }]));
    expect(await textsOf(pattern(), { after: last?.cursor })).to.deep.equal(['c0', 'b0']);
    expect(await textsOf(join(directory, 'b*'), { after: last?.cursor })).to.deep.equal(['b0']);
  });

  it('reports records that are missing right after it as a gap, and none before it', async () => {
    const archive = (sequence: number) => encodeUnsealed([`${sequence}`], { sequence });
    for (const sequence of [0, 1, 5, 6]) await write(`${sequence}.events`, archive(sequence));
    const marks = await marksOf(pattern());
    const gapsAfter = async (after: string | undefined) => {
      const gaps: SequenceGap[] = [];
      const reader = createArchiveReader(pattern(), { after });
      reader.on('gap', (gap) => gaps.push(gap));
      for await (const _ of reader);
      return gaps;
    };
    await rm(join(directory, '0.events'));
    expect(await gapsAfter(marks[2]?.cursor)).to.deep.equal([]);
    await rm(join(directory, '1.events'));
    const writer = 'a'.repeat(16);
    expect(await gapsAfter(marks[0]?.cursor)).to.deep.equal([{ writer, from: 1, to: 5 }]);
  });

  describe('survives what happens to archives meanwhile:', () => {
    const kinds = {
      'version 2': (name: string, i: number) =>
        encodeUnsealed(numbered(name, 3), { sequence: 3 * i, blockBytes: 20 }),
      'version 1': (name: string) =>
        encodeVersion1(numbered(name, 3).map((payload) => ({ payload }))),
      'JSON lines': (name: string) =>
        encodeJsonLines(numbered(name, 3).map((n) => ({ payload: { n } }))),
    };
    for (const [kind, encode] of Object.entries(kinds)) {
      it(`${kind}, sealed, gzipped, shipped, moved or deleted`, async () => {
        const names = ['a', 'b', 'c'];
        const all: string[] = [];
        for (const [i, name] of names.entries()) {
          const bytes = encode(name, i);
          await write(`${name}.x.open`, bytes);
          all.push(...(await textsOf(join(directory, `${name}.x`))));
        }
        const marks = await marksOf(pattern());
        expect(marks.map(({ text }) => text)).to.deep.equal(all);
        const [spool, moved] = [join(directory, 'spool'), join(directory, 'moved')];
        for (const [done, { cursor: after }] of marks.entries()) {
          await rm(spool, { recursive: true, force: true });
          await rm(moved, { recursive: true, force: true });
          await mkdir(spool);
          await mkdir(moved);
          // The first is deleted if it was read, else shipped; the second is moved, the third sealed.
          const store = new DirectoryStore(join(directory, 'store'));
          const [a = Buffer.of(), b = Buffer.of(), c = Buffer.of()] = names.map(encode);
          if (done >= 2) await store.delete('dt=1/a.x.gz');
          else await store.put('dt=1/a.x.gz', Readable.from([gzipSync(a)], { objectMode: false }));
          await writeFile(join(moved, 'b.x.gz'), gzipSync(b));
          await writeFile(join(spool, 'c.x'), c);
          const patterns = [spool, moved, { store, pattern: '**' }];
          const rest = await textsOf(patterns, { after, order: 'time' });
          expect(rest, `after record ${done}`).to.have.members(all.slice(done + 1));
          expect(rest).to.have.length(all.length - done - 1);
        }
      });
    }

    it('JSON lines whose torn tail is cut off, and whose name gets its tokens', async () => {
      await write('x_[[COUNT]].jsonl.open', Buffer.from('{"n":1}\n{"n":2}\n{"to'));
      const marks = await marksOf(pattern());
      expect(marks).to.have.length(2);
      await rm(join(directory, 'x_[[COUNT]].jsonl.open'));
      await write('x_3.jsonl', Buffer.from('{"n":1}\n{"n":2}\n{"n":3}\n'));
      expect(await textsOf(pattern(), { after: marks[0]?.cursor })).to.deep.equal([
        '{"n":2}',
        '{"n":3}',
      ]);
      expect(await textsOf(pattern(), { after: marks[1]?.cursor })).to.deep.equal(['{"n":3}']);
    });

    it('two archives without sequences that have one name and begin alike', async () => {
      const lines = (last: string) => Buffer.from(`${'{"a":1}\n'.repeat(100)}{"b":"${last}"}\n`);
      for (const [i, folder] of ['1', '2'].entries()) {
        await mkdir(join(directory, folder));
        await writeFile(join(directory, folder, 'a.jsonl'), lines(`${i}`));
      }
      const marks = await marksOf(directory);
      const after = marks[150]?.cursor;
      expect(await textsOf(directory, { after })).to.have.length(202 - 151);
    });
  });

  describe('reader.cursor', () => {
    const COUNT = 800;
    const sequenceAfter = async (after: string) => {
      const [first] = await marksOf(pattern(), { after, limit: 1 });
      return first === undefined ? COUNT : Number(first.text);
    };

    beforeEach(async () => {
      const payloads = Array.from({ length: COUNT }, (_, i) => `${i}`);
      await write('a.events', encodeUnsealed(payloads, { blockBytes: 400 }));
    });

    it('is after before the first record, and after the last one at the end', async () => {
      const start = createArchiveReader(pattern());
      expect(await sequenceAfter(start.cursor)).to.equal(0);
      start.destroy();
      const [first] = await marksOf(pattern(), { limit: 1 });
      const reader = createArchiveReader(pattern(), { after: first?.cursor });
      expect(reader.cursor).to.equal(first?.cursor);
      for await (const _ of reader);
      expect(await sequenceAfter(reader.cursor)).to.equal(COUNT);
    });

    it('stands after the record that a loop was given, also after it broke off', async () => {
      const reader = createArchiveReader(pattern());
      for await (const record of reader) if (record.sequence === 777) break;
      expect(await sequenceAfter(reader.cursor)).to.equal(778);
    });

    it('stands after the record that data has given, not after those that are buffered', async () => {
      const reader = createArchiveReader(pattern());
      await new Promise<void>((resolve) => {
        reader.on('data', (record) => {
          expect(reader.cursor).to.equal(record.cursor);
          if (record.sequence !== 300) return;
          reader.pause();
          // It buffers as much as it can meanwhile.
          setImmediate(() => setImmediate(resolve));
        });
      });
      expect(reader.readableLength).to.be.greaterThan(100);
      expect(await sequenceAfter(reader.cursor)).to.equal(301);
      const record = reader.read();
      expect([record?.sequence, reader.cursor]).to.deep.equal([301, record?.cursor]);
      reader.unshift(record);
      expect(await sequenceAfter(reader.cursor)).to.equal(301);
      reader.destroy();
      expect(await sequenceAfter(reader.cursor)).to.equal(301);
    });

    it('stands after a whole batch of batches()', async () => {
      const reader = createArchiveReader(pattern());
      let last = -1;
      for await (const records of reader.batches()) {
        last = records.at(-1)?.sequence ?? -1;
        expect(reader.cursor).to.equal(records.at(-1)?.cursor);
        if (last > 300) break;
      }
      expect(await sequenceAfter(reader.cursor)).to.equal(last + 1);
    });

    it('stands after the record that a pipeline has taken', async () => {
      const reader = createArchiveReader(pattern());
      const cursors: string[] = [];
      const slow = new Transform({
        objectMode: true,
        highWaterMark: 1,
        transform(record: ArchiveRecord, _encoding, callback) {
          if (record.sequence === 500) cursors.push(reader.cursor);
          setImmediate(callback);
        },
      });
      await pipeline(reader, slow, async (source) => {
        for await (const _ of source);
      });
      const taken = await sequenceAfter(cursors[0] ?? '');
      expect(taken).to.be.within(501, 502);
    });

    it('takes any number of small batches ahead', async () => {
      await write('b.events', encodeUnsealed(numbered('b', 500), { writer: 'b', blockBytes: 1 }));
      const reader = createArchiveReader(join(directory, 'b*'));
      for (let i = 0; i < 500; ) {
        const record = reader.read();
        if (record === null) await new Promise((resolve) => reader.once('readable', resolve));
        else {
          expect(record.sequence).to.equal(i++);
          expect(reader.cursor).to.equal(record.cursor);
        }
      }
      reader.destroy();
    });
  });

  it('a copy of a record, and its JSON, hold no cursor', async () => {
    await write('a.events', encodeUnsealed(numbered('a', 100)));
    const where = (record: ArchiveRecord) => record.sequence === 50;
    for await (const record of createArchiveReader(pattern(), { where })) {
      expect(record.cursor).to.match(/^1\./);
      expect(record.copy().cursor).to.equal(undefined);
      expect(JSON.stringify(record)).not.to.contain('cursor');
      expect(Object.keys(record)).not.to.contain('cursor');
    }
  });

  it('refuses what is no cursor before it reads anything', () => {
    for (const after of ['1.AAAA', '2.AAAA', 'x', '']) {
      expect(() => createArchiveReader(pattern(), { after })).to.throw(RangeError, /^after /);
    }
    expect(() => createArchiveReader(pattern(), { after: 5 as never })).to.throw(
      TypeError,
      /^after /,
    );
  });

  it('keeps its place when an archive was renamed', async () => {
    await write('a.events', encodeUnsealed(numbered('a', 10)));
    const marks = await marksOf(pattern());
    await rename(join(directory, 'a.events'), join(directory, 'z.done'));
    expect(await textsOf(pattern(), { after: marks[4]?.cursor })).to.have.length(5);
  });
});
