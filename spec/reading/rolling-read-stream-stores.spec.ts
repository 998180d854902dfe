import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { NoArchivesError } from '../../lib/errors/no-archives-error.js';
import { StoreError } from '../../lib/errors/store-error.js';
import type { RollingReadOptions } from '../../lib/reading/rolling-read-options.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import type { SeriesPatterns } from '../../lib/series/listing/series-patterns.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { openStore } from '../../lib/stores/open-store.js';
import { encodeJsonLines, encodeVersion1 } from '../support/encode-archive.js';
import { FaultyStore } from '../support/faulty-store.js';
import { compressAll } from '../support/gzip-tools.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { encodeUnsealed, numbered, readPayloads, TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';
import { outcomeOf } from '../support/writer-tools.js';

/** More than a reader decodes ahead. */
const BEFORE = numbered('before', 5000);

describe('RollingReadStream, from stores', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let store: FaultyStore;

  beforeEach(async () => {
    directory = await directories.make();
    store = new FaultyStore(new DirectoryStore(join(directory, 'store')));
  });

  afterEach(() => directories.remove());

  async function put(key: string, bytes: Uint8Array): Promise<void> {
    await store.put(key, Readable.from([bytes], { objectMode: false }));
  }

  async function write(name: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), bytes);
  }

  async function read(patterns: SeriesPatterns, options?: RollingReadOptions) {
    const { error, payloads } = await readPayloads(createArchiveReader(patterns, options));
    if (error !== undefined) throw error;
    return payloads;
  }

  const inStore = (pattern: string) => ({ store, pattern });
  const local = (pattern: string) => join(directory, pattern);

  describe('finds objects', () => {
    beforeEach(async () => {
      await put('logs/a/x_1.events.gz', gzipSync(encodeUnsealed(['1'])));
      await put('logs/b/x_2.events', encodeUnsealed(['2'], { sequence: 1 }));
      await put('logs/x_10.events.gz', gzipSync(encodeUnsealed(['10'], { sequence: 2 })));
      await put('logs/.hidden.events', encodeUnsealed(['hidden']));
      await put('logs/x_3.events.part', encodeUnsealed(['part']));
      await put('logs-of-others/x_4.events', encodeUnsealed(['other']));
    });

    it('by globs, with and without the suffix of their state', async () => {
      expect(await read(inStore('logs/**/*.events'))).to.deep.equal(['1', '2', '10']);
      expect(await read(inStore('logs/**/*.events.gz'))).to.deep.equal(['1', '10']);
      expect(await read(inStore('logs/*/x_?.events'))).to.deep.equal(['1', '2']);
      expect(await read(inStore('**/x_1{,0}.events'))).to.deep.equal(['1', '10']);
      expect(await read(inStore('logs/x_1*'))).to.deep.equal(['10']);
    });

    it('by a key, by a prefix of keys before a slash, and everything below the top', async () => {
      expect(await read(inStore('logs/x_10.events'))).to.deep.equal(['10']);
      expect(await read(inStore('logs/x_10.events.gz'))).to.deep.equal(['10']);
      for (const folder of ['logs', 'logs/']) {
        expect(await read(inStore(folder))).to.deep.equal(['1', '2', '10']);
      }
      await store.delete('logs-of-others/x_4.events');
      await put('top.events', encodeUnsealed(['top'], { writer: 'b' }));
      expect(await read(inStore(''))).to.have.members(['1', '2', '10', 'top']);
    });

    it('and lists only keys that begin as the pattern does', async () => {
      await read(inStore('logs/a/**/*.events'));
      await read(inStore('logs/x_1*'));
      await read(inStore('logs/x_1?.events'));
      await read(inStore('logs/x_10.events'));
      await read(inStore('**'), { limit: 1, order: 'time' });
      const expected = ['logs/a/', 'logs/x_1', 'logs/x_', 'logs/x_10.events', ''];
      expect(store.prefixes).to.deep.equal(expected);
    });

    it('once if an archive is there plain and compressed, by the compressed one', async () => {
      await put('logs/b/x_2.events.gz', gzipSync(encodeUnsealed(['2'], { sequence: 1 })));
      expect(await read(inStore('logs/b/*'))).to.deep.equal(['2']);
      expect(store.gets.map(({ key }) => key)).to.deep.equal(['logs/b/x_2.events.gz']);
    });

    it('by a file:// URL, which is a path', async () => {
      const url = pathToFileURL(join(directory, 'store', 'logs')).href;
      expect(await read(`${url}/**/x_?.events`)).to.deep.equal(['1', '2']);
    });

    it('and reports if there are none', async () => {
      const error = await rejection(read([inStore('nothing/*'), local('nothing/*')]));
      expect(error).to.be.instanceOf(NoArchivesError);
      const patterns = [local('nothing/*'), `${store.name}/nothing/*`];
      expect(error).to.have.deep.property('patterns', patterns);
      expect(await read(inStore('nothing/*'), { allowEmpty: true })).to.deep.equal([]);
    });
  });

  it('refuses an invalid pattern at construction', () => {
    for (const wrong of [{ store }, { pattern: 'x' }, { store: {}, pattern: 'x' }, null, 7]) {
      const patterns = wrong as unknown as SeriesPatterns;
      expect(() => createArchiveReader(patterns), String(wrong)).to.throw(TypeError, 'pattern is');
    }
    expect(() => createArchiveReader('gs://bucket/*')).to.throw(RangeError, 'gs://bucket/*');
    expect(() => createArchiveReader('s3:///x/*')).to.throw(RangeError, 's3://');
    expect(() => createArchiveReader('s3://*/x')).to.throw(RangeError, 's3://*');
    const order = 'size' as unknown as 'name';
    expect(() => createArchiveReader('x', { order })).to.throw(
      TypeError,
      "'name', 'time' or 'merged'",
    );
  });

  describe('orders objects', () => {
    it('by name in natural order, without reading any', async () => {
      for (const i of [0, 1, 2, 9, 10, 11]) {
        await put(`x_${i}.events`, encodeUnsealed([`${i}`], { sequence: i }));
      }
      await put('x_2-1.events', encodeUnsealed(['2-1'], { writer: 'b' }));
      const expected = ['0', '1', '2', '2-1', '9', '10', '11'];
      expect(await read(inStore('*'))).to.deep.equal(expected);
      expect(store.gets.map(({ range }) => range?.start)).to.deep.equal(expected.map(() => 0));
    });

    it('by name, and fails if that is not the order of a writer, but not by time', async () => {
      await put('a.events.gz', gzipSync(encodeUnsealed(numbered('late', 50), { sequence: 10 })));
      await put('b.events.gz', gzipSync(encodeUnsealed(numbered('early', 10))));
      await put('c.events', encodeUnsealed(['other'], { writer: 'b', time: -9 }));
      const { error, payloads } = await readPayloads(createArchiveReader(inStore('*')));
      expect(payloads).to.deep.equal(numbered('late', 50));
      expect(error)
        .to.be.instanceOf(ArchiveError)
        .and.to.have.property('code', 'ERR_ARCHIVE_ORDER');
      expect(error).to.have.property('message').that.includes("order: 'time'");
      const expected = ['other', ...numbered('early', 10), ...numbered('late', 50)];
      expect(await read(inStore('*'), { order: 'time' })).to.deep.equal(expected);
      const peeks = store.gets.filter(({ range }) => range?.start === 0 && range.end === 4096);
      expect(peeks.length + store.heads.length).to.be.greaterThan(3);
    });

    it('by name, and fails even if a copy was left out before', async () => {
      for (const [i, sequence] of [0, 2, 1].entries()) {
        await put(`x_${i}.events`, encodeUnsealed([`${i}`], { sequence }));
      }
      const { error, payloads } = await readPayloads(createArchiveReader(inStore('*')));
      expect(payloads).to.deep.equal(['0', '1']);
      expect(error).to.have.property('code', 'ERR_ARCHIVE_ORDER');
    });
  });

  describe('beside local archives', () => {
    it('reads objects first, and an archive that is in both once, from disk', async () => {
      for (const i of [1, 2, 3]) {
        const bytes = encodeUnsealed(numbered(`${i}`, 3), { sequence: 3 * i });
        if (i < 3) await put(`host/x_${i}.events.gz`, await compressAll(bytes));
        if (i > 1) await write(`spool/x_${i}.events`, bytes);
      }
      await write('spool/x_4.events.open', encodeUnsealed(['4'], { sequence: 12 }));
      const expected = [1, 2, 3].flatMap((i) => numbered(`${i}`, 3));
      for (const order of ['name', 'time'] as const) {
        const patterns = [local('spool/*.events'), inStore('**/*.events')];
        expect(await read(patterns, { order })).to.deep.equal([...expected, '4']);
      }
    });

    it('recognises copies without sequences by their bytes', async () => {
      await put('x_1.events.gz', gzipSync(encodeJsonLines(['"both"'])));
      await put('x_2.events.gz', gzipSync(encodeVersion1(['stored'])));
      await write('spool/x_1.events', encodeJsonLines(['"both"']));
      await write('spool/x_2.events', encodeVersion1(['local']));
      for (const order of ['name', 'time'] as const) {
        const payloads = await read([local('spool/*'), inStore('*')], { order });
        expect([...payloads].sort()).to.deep.equal(['"both"', 'local', 'stored']);
      }
    });

    it('reads different archives with the same name', async () => {
      await put('x_1.events.gz', gzipSync(encodeUnsealed(['theirs'], { writer: 'b' })));
      await write('spool/x_1.events', encodeUnsealed(['ours']));
      const patterns = [local('spool/*'), inStore('*')];
      expect(await read(patterns)).to.deep.equal(['theirs', 'ours']);
    });

    for (const name of ['x_2.events.gz', 'x_2-0123abcd.events.gz']) {
      it(`finds an archive that was shipped as ${name} after it was listed`, async () => {
        await write('spool/x_1.events', encodeUnsealed(['1']));
        await write('spool/x_2.events', encodeUnsealed(['2'], { sequence: 1 }));
        await put('x_0.events', encodeUnsealed(BEFORE, { writer: 'b' }));
        const patterns = [local('spool/*'), inStore('**/*')];
        const payloads: string[] = [];
        for await (const record of createArchiveReader(patterns)) {
          payloads.push(record.text());
          if (payloads.length > 1) continue;
          await put(`deep/${name}`, gzipSync(encodeUnsealed(['2'], { sequence: 1 })));
          await rm(local('spool/x_2.events'));
        }
        expect(payloads).to.deep.equal([...BEFORE, '1', '2']);
      });
    }

    it('reports an archive that vanished for good', async () => {
      await put('x_0.events', encodeUnsealed(BEFORE, { writer: 'b' }));
      await write('spool/x_1.events', encodeUnsealed(['1']));
      const reader = createArchiveReader([local('spool/*'), inStore('**/*')]);
      let records = 0;
      const read = async () => {
        for await (const _ of reader) if (records++ === 0) await rm(local('spool/x_1.events'));
      };
      expect(await rejection(read())).to.have.property('code', 'ERR_ARCHIVE_GONE');
      expect(records).to.equal(BEFORE.length);
    });
  });

  it('requests nothing before the first read, and closes its only body', async () => {
    const bytes = encodeUnsealed(numbered('v', 200_000), { blockBytes: 65_536 });
    for (const key of ['a.events', 'b.events']) await put(key, bytes);
    const reader = createArchiveReader(inStore('*'));
    expect(store.prefixes).to.deep.equal([]);
    const closing = outcomeOf(reader);
    for await (const record of reader) if (record.sequence === 1000) break;
    await closing;
    expect(store).to.include({ openBodies: 0, mostOpenBodies: 1, isClosed: false });
    // Backpressure: the reader took no more than a few chunks.
    expect(store.bytesRead).to.be.lessThan(bytes.length / 2);
  });

  describe('on S3', () => {
    let server: S3Server;
    let bucket: string;

    before(async () => {
      server = await startS3();
      bucket = await server.createBucket();
    });

    after(() => server.stop());

    const options = () => {
      const { credentials, endpoint, region } = server;
      return { s3: { credentials, endpoint, region } };
    };

    it('reads the archives that patterns match, from several prefixes and from disk', async () => {
      const s3 = openStore(`s3://${bucket}`, options());
      for (const i of [1, 2, 10]) {
        const bytes = encodeUnsealed(numbered(`${i}`, 40_000), { sequence: 40_000 * i });
        const key = `logs/dt=2024-01-0${i % 3}/x_${i}.events.gz`;
        await s3.put(key, Readable.from([await compressAll(bytes)], { objectMode: false }));
      }
      await s3.close();
      await write('spool/x_11.events.open', encodeUnsealed(['11'], { sequence: 440_000 }));
      const sorted = [`s3://${bucket}/logs/**/x_1.*`, `s3://${bucket}/logs/dt=2024-01-02/*.events`];
      const first = [1, 2].flatMap((i) => numbered(`${i}`, 40_000));
      const names = [...sorted, `s3://${bucket}/logs/dt=2024-01-01/x_10.events`];
      const { error } = await readPayloads(createArchiveReader(names, options()));
      // The key of the last archive sorts before that of the second.
      expect(error).to.have.property('code', 'ERR_ARCHIVE_ORDER');
      expect(await read(sorted, options())).to.deep.equal(first);
      const all = [`s3://${bucket}/logs/**`, local('spool/*')];
      const payloads = await read(all, { ...options(), order: 'time' });
      expect(payloads).to.deep.equal([...first, ...numbered('10', 40_000), '11']);
    });

    it('reports a missing bucket, and patterns that match nothing', async () => {
      const missing = await rejection(read('s3://shoebox-no-such-bucket/*', options()));
      expect(missing)
        .to.be.instanceOf(StoreError)
        .and.to.have.property('storeCode', 'NoSuchBucket');
      const nothing = await rejection(read(`s3://${bucket}/nothing/**`, options()));
      expect(nothing).to.be.instanceOf(NoArchivesError);
    });
  });
});
