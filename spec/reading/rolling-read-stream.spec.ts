import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { NoArchivesError } from '../../lib/errors/no-archives-error.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { CountingFiles } from '../support/counting-files.js';
import { encodeJsonLines, encodeVersion1 } from '../support/encode-archive.js';
import { encodeUnsealed, numbered, readPayloads, TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';
import { outcomeOf } from '../support/writer-tools.js';

const V1_SAMPLES = fileURLToPath(new URL('../fixtures/v1/', import.meta.url));
/** Archives that the original program wrote, kept outside of the project. */
const V1_SHARED = fileURLToPath(new URL('../../../shared/fixtures/v1/', import.meta.url));

describe('RollingReadStream', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  async function put(name: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), bytes);
  }

  async function read(pattern = '*.events'): Promise<readonly string[]> {
    const { payloads, error } = await readPayloads(createArchiveReader(join(directory, pattern)));
    if (error !== undefined) throw error;
    return payloads;
  }

  describe('reads a series', () => {
    it('of open, sealed and gzipped archives, in the order of their writer', async () => {
      await put('z.events', encodeUnsealed(['0', '1']));
      await put('y.events.gz', gzipSync(encodeUnsealed(['2', '3'], { sequence: 2 })));
      await put('x.events.open', encodeUnsealed(['4', '5'], { sequence: 4 }));
      expect(await read()).to.deep.equal(['0', '1', '2', '3', '4', '5']);
    });

    it('of gzip by other programs, with several members, cut anywhere', async function () {
      const bytes = encodeUnsealed(numbered('v', 300), { blockBytes: 500 });
      const cuts = [0, 1, 5, 70, 4000, bytes.length];
      const members = cuts.slice(1).map((end, i) => gzipSync(bytes.subarray(cuts[i], end)));
      await put('a.events.gz', Buffer.concat(members));
      expect(await read()).to.deep.equal(numbered('v', 300));
      await rm(join(directory, 'a.events.gz'));
      await put('b.events', bytes);
      if (spawnSync('gzip', ['-9', join(directory, 'b.events')]).status !== 0) this.skip();
      expect(existsSync(join(directory, 'b.events'))).to.equal(false);
      expect(await read()).to.deep.equal(numbered('v', 300));
    });

    it('of all versions and JSON lines, distinguished by content, not by name', async () => {
      await put('a.events', encodeJsonLines(['{"json":1}']));
      await put('b.events', gzipSync(encodeVersion1(['v1'])));
      await put('c.events.gz', encodeUnsealed(['v2'], { sequence: 1 }));
      await put(
        'd.events',
        Buffer.concat([encodeVersion1(['both-1']), encodeUnsealed(['both-2'])]),
      );
      await put('e.events.open', gzipSync(encodeJsonLines(['2'])));
      expect(await read()).to.deep.equal(['{"json":1}', 'v1', 'both-1', 'both-2', '2', 'v2']);
    });

    it('of JSON lines with their metadata under a key', async () => {
      const lines = encodeJsonLines([{ metadata: { a: 'b' }, payload: { n: 1 } }], 'meta');
      await put('a.jsonl', lines);
      const reader = createArchiveReader(join(directory, 'a.jsonl'), { metadataKey: 'meta' });
      const [record] = await reader.toArray();
      expect(record?.json()).to.deep.equal({ n: 1 });
      expect({ ...record?.metadata }).to.deep.equal({ a: 'b' });
    });

    for (const folder of [V1_SAMPLES, V1_SHARED]) {
      const names = existsSync(folder) ? readdirSync(folder) : [];
      for (const name of names.filter((file) => file.endsWith('.events'))) {
        const where = folder === V1_SAMPLES ? 'this project' : 'the original program';
        it(`of version 1, such as ${name} of ${where}, sealed or gzipped`, async () => {
          const expected = readFileSync(join(folder, name.replace('.events', '.expected.jsonl')));
          const payloads = expected.toString().trimEnd().split('\n').map(payloadBase64);
          await copyFile(join(folder, name), join(directory, 'x_1.events'));
          await put('x_2.events.gz', gzipSync(await readFile(join(folder, name))));
          const records = await createArchiveReader(join(directory, 'x_*')).toArray();
          const found = records.map((record) => record.payload.toString('base64'));
          expect(found).to.deep.equal([...payloads, ...payloads]);
          expect(records[0]).to.include({ sequence: undefined, timeMicros: undefined });
        });
      }
    }

    it('of several writers, merged by the earliest time of their next archives', async () => {
      await put('a-1.events', encodeUnsealed(['a1'], { writer: 'a', time: 0 }));
      await put('b-1.events', encodeUnsealed(['b1'], { writer: 'b', time: 1 }));
      await put('a-2.events', encodeUnsealed(['a2'], { writer: 'a', sequence: 1, time: 2 }));
      await put('b-2.events.gz', encodeUnsealed(['b2'], { writer: 'b', sequence: 1, time: 3 }));
      expect(await read()).to.deep.equal(['a1', 'b1', 'a2', 'b2']);
    });

    it('of a list of paths, directories and globs, each archive once', async () => {
      await put('here/a.events', encodeUnsealed(['0']));
      await put('there/b.events.gz', encodeUnsealed(['1'], { sequence: 1 }));
      await put('there/deep/c.events', encodeUnsealed(['2'], { sequence: 2 }));
      const patterns = ['here', 'there/b.events', '**/c*', 'here/*.events', 'there/deep/../b.*'];
      const reader = createArchiveReader(patterns.map((pattern) => join(directory, pattern)));
      expect(await readPayloads(reader)).to.deep.equal({
        payloads: ['0', '1', '2'],
        error: undefined,
      });
    });

    it('and drops repeated archives and blocks, within one archive and across two', async () => {
      const blocks = [0, 1, 2, 3].map((i) =>
        encodeUnsealed([`${2 * i}`, `${2 * i + 1}`], { sequence: 2 * i, time: 2 * i }),
      );
      const [first, second, third, fourth] = blocks as [Buffer, Buffer, Buffer, Buffer];
      await put('a.events', Buffer.concat([first, second, first, second]));
      await put('copy/a.events.gz', gzipSync(Buffer.concat([first, second])));
      await put('b.events', Buffer.concat([second, third]));
      await put(
        'c.events',
        Buffer.concat([encodeUnsealed(['5', '6'], { sequence: 5, time: 5 }), fourth]),
      );
      const other = encodeUnsealed(['other'], { writer: 'b', time: 900 });
      await put('d.events', Buffer.concat([other, first]));
      expect(await read('**/*.events')).to.deep.equal([...'01234567', 'other']);
    });

    it('and reads copies of archives without sequences once', async () => {
      const v1 = encodeVersion1(['same', 'same']);
      await put('spool/a.events', v1);
      await put('store/a.events.gz', gzipSync(v1));
      await put('store/b.events.gz', gzipSync(encodeJsonLines(['1'])));
      await put('spool/b.events', encodeJsonLines(['2']));
      await put('spool/c.events', v1);
      expect(await read('{spool,store}/*.events')).to.deep.equal([
        ...['same', 'same', '2', '1', 'same', 'same'],
      ]);
    });

    it('including records that a writer wrote to an open archive after it was listed', async () => {
      for (const i of [0, 1, 2]) {
        await put(`x_${i}.events`, encodeUnsealed([`${i}`], { sequence: i }));
      }
      await put('x_3.events.open', new Uint8Array());
      const reader = createArchiveReader(join(directory, 'x_*.events'));
      const records = reader[Symbol.asyncIterator]();
      expect((await records.next()).value?.text()).to.equal('0');
      await put('x_3.events.open', encodeUnsealed(['3'], { sequence: 3 }));
      const rest: string[] = [];
      for await (const record of records) rest.push(record.text());
      expect(rest).to.deep.equal(['1', '2', '3']);
    });
  });

  describe('finds its archives', () => {
    it('even if they change their state between listing and opening', async () => {
      await put('a.events.open', encodeUnsealed(['0']));
      await put('b.events.open', encodeUnsealed(['1'], { sequence: 1 }));
      await put('c.events.open', encodeUnsealed(['2'], { sequence: 2 }));
      const path = (name: string) => join(directory, name);
      const files = new CountingFiles();
      const { open } = files.layer;
      const layer = {
        ...files.layer,
        async open(...args: Parameters<typeof open>) {
          // Each of the three is opened twice: to read its head, and to read it whole.
          if (files.opened.length === 3 && existsSync(path('b.events.open'))) {
            await rename(path('b.events.open'), path('b.events'));
            await rm(path('c.events.open'));
            await put('c.events.gz', gzipSync(encodeUnsealed(['2'], { sequence: 2 })));
          }
          return open(...args);
        },
      };
      const reader = createArchiveReader(path('*.events'), { files: layer });
      expect((await readPayloads(reader)).payloads).to.deep.equal(['0', '1', '2']);
      expect(files).to.include({ open: 0, mostOpen: 1 });
    });

    it('and reports one that vanished, after the records before it', async () => {
      await put('a.events', encodeUnsealed(numbered('a', 1000)));
      // The reader keeps an archive of up to 4 KiB in memory.
      await put('b.events', encodeUnsealed(['x'.repeat(5000)], { sequence: 1000 }));
      const reader = createArchiveReader(join(directory, '*.events'));
      const payloads: string[] = [];
      const reading = (async () => {
        for await (const record of reader) {
          if (payloads.length === 0) await rm(join(directory, 'b.events'));
          payloads.push(record.text());
        }
      })();
      expect(await rejection(reading)).to.have.property('code', 'ERR_ARCHIVE_GONE');
      expect(payloads).to.deep.equal(numbered('a', 1000));
    });

    it('and reports a pattern that matches nothing, unless the caller allows it', async () => {
      const pattern = join(directory, '*.events');
      const { error } = await readPayloads(createArchiveReader(pattern));
      expect(error)
        .to.be.instanceOf(NoArchivesError)
        .and.to.have.deep.property('patterns', [pattern]);
      const allowed = createArchiveReader(pattern, { allowEmpty: true });
      expect(await readPayloads(allowed)).to.deep.equal({ payloads: [], error: undefined });
    });

    it('and lists and opens nothing before the first read', async () => {
      await put('a.events', encodeUnsealed(['x']));
      const files = new CountingFiles();
      const reader = createArchiveReader(join(directory, '*'), { files: files.layer });
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect([files.listed, files.opened]).to.deep.equal([[], []]);
      reader.destroy();
      await outcomeOf(reader);
      expect([files.listed, files.opened]).to.deep.equal([[], []]);
    });
  });

  it('refuses invalid patterns and options at construction', () => {
    expect(() => createArchiveReader('gs://bucket/*.events')).to.throw(RangeError, 'gs://bucket');
    expect(() => createArchiveReader('a', { maxRecordBytes: 0 })).to.throw(RangeError, 'maxRecord');
  });

  it('reads thousands of archives with never more than one file open', async () => {
    const count = 1100;
    const writes = Array.from({ length: count }, (_, i) => {
      // Two writers share the series; their sequences and the numbers in the names are in opposite
      // order.
      const options = { writer: i % 2 ? 'a' : 'b', sequence: Math.floor(i / 2), time: i };
      return writeFile(join(directory, `x_${count - i}.events`), encodeUnsealed([`${i}`], options));
    });
    await Promise.all(writes);
    const files = new CountingFiles();
    const reader = createArchiveReader(join(directory, 'x_*.events'), { files: files.layer });
    const { payloads } = await readPayloads(reader);
    expect(payloads).to.deep.equal(Array.from({ length: count }, (_, i) => `${i}`));
    expect(files).to.include({ open: 0, mostOpen: 1 });
  }).timeout(120_000);

  describe('closes its file', () => {
    const payloads = numbered('v', 20_000);

    for (const suffix of ['', '.gz']) {
      const kind = suffix === '' ? 'plain' : 'gzipped';

      async function startReading(signal?: AbortSignal) {
        const bytes = encodeUnsealed(payloads);
        await put(`a.events${suffix}`, suffix === '' ? bytes : gzipSync(bytes));
        const files = new CountingFiles();
        const reader = createArchiveReader(join(directory, '*'), { files: files.layer, signal });
        return { files, reader };
      }

      it(`when a loop breaks off, ${kind}`, async () => {
        const { files, reader } = await startReading();
        for await (const record of reader) {
          expect(record.text()).to.equal('v-0');
          expect(files.open).to.equal(1);
          break;
        }
        await whenClosed(reader);
        expect(files.open).to.equal(0);
      });

      it(`before the stream is closed by destroy, even during a read, ${kind}`, async () => {
        const { files, reader } = await startReading();
        const failure = new Error('no longer wanted');
        const closing = outcomeOf(reader);
        reader.once('readable', () => {
          // Take everything that was decoded ahead, so that the next read begins.
          while (reader.read() !== null);
          reader.destroy(failure);
        });
        expect(await closing).to.equal(failure);
        expect(files.open).to.equal(0);
      });

      it(`when a signal aborts, ${kind}`, async () => {
        const controller = new AbortController();
        const { files, reader } = await startReading(controller.signal);
        const reading = (async () => {
          for await (const record of reader) if (record.sequence === 5) controller.abort();
        })();
        expect(await rejection(reading)).to.have.property('name', 'AbortError');
        await whenClosed(reader);
        expect(files.open).to.equal(0);
      });

      it(`when a later stream of the pipeline fails, ${kind}`, async () => {
        const { files, reader } = await startReading();
        const failure = new Error('the socket is gone');
        const piping = pipeline(reader, async (source: AsyncIterable<unknown>) => {
          for await (const _ of source) throw failure;
        });
        expect(await rejection(piping)).to.equal(failure);
        await whenClosed(reader);
        expect(files.open).to.equal(0);
      });
    }

    it('or opens none if the signal had already aborted', async () => {
      await put('a.events', encodeUnsealed(['x']));
      const files = new CountingFiles();
      const options = { files: files.layer, signal: AbortSignal.abort() };
      const reader = createArchiveReader(join(directory, '*'), options);
      expect(await outcomeOf(reader)).to.have.property('name', 'AbortError');
      expect([files.listed, files.opened]).to.deep.equal([[], []]);
    });

    it('by `await using`', async () => {
      await put('a.events', encodeUnsealed(payloads));
      const files = new CountingFiles();
      const reader = createArchiveReader(join(directory, '*'), { files: files.layer });
      reader.on('error', () => {});
      expect((await reader.iterator({ destroyOnReturn: false }).next()).value?.text()).to.equal(
        'v-0',
      );
      await reader[Symbol.asyncDispose]();
      expect(files.open).to.equal(0);
    });
  });

  it('reads at most one batch ahead of its consumer', async () => {
    for (let i = 0; i < 20; i++) {
      const payloads = Array.from({ length: 8 }, () => 'x'.repeat(200_000));
      await put(`x_${i}.events`, encodeUnsealed(payloads, { sequence: 8 * i, blockBytes: 1 }));
    }
    let bytes = 0;
    const files = new CountingFiles((file) => ({
      async read(into, offset, length, position) {
        const result = await file.read(into, offset, length, position);
        bytes += result.bytesRead;
        return result;
      },
    }));
    const reader = createArchiveReader(join(directory, '*'), { files: files.layer });
    await once(reader, 'readable');
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(reader.readableLength).to.be.at.most(256);
    expect((await reader.toArray()).length).to.equal(160);
    expect(bytes).to.be.greaterThan(160 * 200_000);
  });

  describe('piped into a writer', () => {
    async function copy(): Promise<void> {
      await mkdir(join(directory, 'copy'));
      const options = { directory: join(directory, 'copy'), roll: rollByCount(7) };
      const writer = new RollingWriteStream(options);
      createArchiveReader(join(directory, '*.events')).pipe(writer);
      await once(writer, 'close');
    }

    it('copies a series: payloads, metadata and times', async () => {
      const roll = rollByCount(10);
      const template = '[[SEQUENCE]].events';
      const inputs = numbered('v', 25).map((payload, i) => ({
        payload,
        metadata: { i: `${i}` },
        timeMicros: 1_600_000_000_000_001 + 7 * i,
      }));
      await pipeline(Readable.from(inputs), new RollingWriteStream({ directory, roll, template }));
      await copy();
      const copied = await createArchiveReader(join(directory, 'copy')).toArray();
      expect(
        copied.map((record) => ({
          payload: record.text(),
          metadata: { ...record.metadata },
          timeMicros: record.timeMicros,
        })),
      ).to.deep.equal(inputs);
      expect(readdirSync(join(directory, 'copy'))).to.have.length(4);
    });

    it('keeps metadata whose keys are names of object members', async () => {
      const pairs = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '1', ''].map(
        (key) => [key, `value of ${key}`] as const,
      );
      const input = { payload: 'x', metadata: new Map(pairs) };
      const template = 'a.events';
      await pipeline(Readable.from([input]), new RollingWriteStream({ directory, template }));
      await copy();
      for (const pattern of ['*.events', 'copy/*']) {
        const [record] = await createArchiveReader(join(directory, pattern)).toArray();
        const { metadata = {} } = record ?? {};
        expect(Object.getPrototypeOf(metadata)).to.equal(null);
        expect(new Map(Object.entries(metadata))).to.deep.equal(new Map(pairs));
        expect(Reflect.get({}, 'value of __proto__')).to.equal(undefined);
      }
    });
  });
});

async function whenClosed(reader: Readable): Promise<void> {
  if (!reader.closed) await outcomeOf(reader);
}

function payloadBase64(line: string): unknown {
  return JSON.parse(line).payload_base64;
}
