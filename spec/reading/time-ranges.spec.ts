import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import type { RollingReadOptions } from '../../lib/reading/rolling-read-options.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { IndexCache } from '../../lib/series/opening/index-cache.js';
import type { Store, StoredObject } from '../../lib/stores/contract/store.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { openStore } from '../../lib/stores/open-store.js';
import { sealArchive } from '../support/damaged-archive.js';
import { FaultyStore } from '../support/faulty-store.js';
import { compressAll } from '../support/gzip-tools.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { readPayloads, TemporaryDirectories } from '../support/series.js';
import { warningsOf } from '../support/warnings.js';

const DAY_MS = Date.UTC(2026, 10, 30);
const HOUR_MS = 3_600_000;
const PER_HOUR = 60;

/** An archive of an hour, with a record a minute. */
function archiveOf(hour: number, lateMs?: number): Buffer {
  const rows = Array.from({ length: PER_HOUR }, (_, i) => ({
    payload: `${hour}:${i}`,
    timeMicros: 1000 * (DAY_MS + hour * HOUR_MS + i * 60_000),
  }));
  const late = lateMs === undefined ? [] : [{ payload: 'late', timeMicros: 1000 * lateMs }];
  return sealArchive(
    [rows, late].filter(({ length }) => length > 0),
    {
      sequence: hour * PER_HOUR,
      ordinal: hour,
      writerEnded: false,
    },
  ).bytes;
}

function stamp(ms: number): string {
  return new Date(ms).toISOString().replaceAll(':', '-').replace('Z', '000Z');
}

/** Named by the times of the earliest and the latest record, as a template may. */
function timedName(hour: number): string {
  const begin = DAY_MS + hour * HOUR_MS;
  return `x_${stamp(begin)}_${stamp(begin + 59 * 60_000)}.events.gz`;
}

const TENTH = { from: DAY_MS + 10 * HOUR_MS, to: DAY_MS + 11 * HOUR_MS };

describe('RollingReadStream, of a time range', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let cache: string;

  beforeEach(async () => {
    directory = await directories.make();
    cache = join(directory, 'made', 'cache');
  });

  afterEach(() => directories.remove());

  async function put(store: Store, key: string, bytes: Buffer): Promise<void> {
    await store.put(key, Readable.from([bytes], { objectMode: false }));
  }

  const plain = Array.from({ length: 24 }, (_, hour) => archiveOf(hour));
  let packed: readonly Buffer[];

  before(async () => {
    packed = await Promise.all(plain.map((bytes) => compressAll(bytes)));
  });

  async function putHours(store: Store, nameOf: (hour: number) => string): Promise<void> {
    for (let hour = 0; hour < 24; hour++) {
      const archives = nameOf(hour).endsWith('.gz') ? packed : plain;
      await put(store, nameOf(hour), archives[hour] ?? Buffer.alloc(0));
    }
  }

  /** Reads, and returns how many requests each object needed. */
  async function requests(store: FaultyStore, options: RollingReadOptions, records = PER_HOUR) {
    store.gets.length = 0;
    store.heads.length = 0;
    const { error, payloads } = await readPayloads(
      createArchiveReader({ store, pattern: '**' }, options),
    );
    if (error !== undefined) throw error;
    expect(payloads).to.have.length(records);
    const counts = new Map<string, number>();
    for (const key of [...store.heads, ...store.gets.map((get) => get.key)]) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  const defaultName = (hour: number) =>
    `events_2026-11-30T${String(hour).padStart(2, '0')}-00-00_5ca1ab1e0ddba115-${String(hour).padStart(6, '0')}.events`;

  async function checkRequests(store: FaultyStore, suffixes: readonly string[]): Promise<void> {
    // By the times in names.
    await putHours(store, timedName);
    const timed = await requests(store, TENTH);
    expect([...timed.keys()]).to.deep.equal([timedName(10)]);
    expect(timed.get(timedName(10))).to.be.at.most(2);
    for (let hour = 0; hour < 24; hour++) await store.delete(timedName(hour));
    // By the index, and then by the cache.
    for (const suffix of suffixes) {
      const nameOf = (hour: number) => defaultName(hour) + suffix;
      await putHours(store, nameOf);
      const options = { ...TENTH, indexCache: cache };
      const first = await requests(store, options);
      expect(first.size).to.equal(24);
      expect(Math.max(...first.values())).to.be.at.most(2);
      const second = await requests(store, options);
      expect([...second.keys()].filter((key) => key !== nameOf(10))).to.deep.equal([]);
      expect([...second.values()].every((count) => count <= 2)).to.equal(true);
      for (let hour = 0; hour < 24; hour++) await store.delete(nameOf(hour));
    }
  }

  it('needs at most two requests for each object that can match, and none for others', async () => {
    await checkRequests(new FaultyStore(new DirectoryStore(join(directory, 'store'))), ['.gz', '']);
  });

  describe('on an S3 service', () => {
    let server: S3Server;

    before(async () => {
      server = await startS3();
    });

    after(() => server.stop());

    it('needs as few', async () => {
      const { credentials, endpoint, region } = server;
      const s3 = { endpoint, region, credentials };
      const store = openStore(`s3://${await server.createBucket()}`, { s3 });
      await checkRequests(new FaultyStore(store), ['.gz']);
      await store.close();
    });
  });

  it('finds records that came late, which no name but theirs excludes', async () => {
    const store = new FaultyStore(new DirectoryStore(join(directory, 'store')));
    await putHours(store, defaultName);
    await put(store, defaultName(20), archiveOf(20, TENTH.from + 1));
    for (const indexCache of [undefined, cache, cache]) {
      await requests(store, { ...TENTH, indexCache }, PER_HOUR + 1);
    }
  });

  it('excludes objects whose folders have a later date than is wanted', async () => {
    const store = new FaultyStore(new DirectoryStore(join(directory, 'store')));
    const keyOf = (hour: number) =>
      `dt=2026-11-30/hour=${String(hour).padStart(2, '0')}/${defaultName(hour)}`;
    await putHours(store, keyOf);
    const keyTemplate = 'dt=%Y-%m-%d/hour=%H/[[NAME]]';
    const counts = await requests(store, { ...TENTH, keyTemplate });
    expect([...counts.keys()]).to.deep.equal(Array.from({ length: 11 }, (_, hour) => keyOf(hour)));
    // An earlier object may hold late records, and is read.
    await put(store, keyOf(3), archiveOf(3, TENTH.from + 5));
    await requests(store, { ...TENTH, keyTemplate, indexCache: cache }, PER_HOUR + 1);
  });

  it('excludes local archives by their names as well, but not by those of folders', async () => {
    const [good, other] = [join(directory, 'a'), join(directory, timedName(3))];
    for (const folder of [good, other]) {
      await mkdir(folder);
      await writeFile(join(folder, defaultName(10)), archiveOf(10));
    }
    await writeFile(join(good, timedName(5)), 'no archive');
    const { error, payloads } = await readPayloads(createArchiveReader([good, other], TENTH));
    expect(error).to.equal(undefined);
    expect(payloads).to.have.length(PER_HOUR);
  });

  it('asks for an object that was replaced since it was listed', async () => {
    const inner = new DirectoryStore(join(directory, 'store'));
    const store = new FaultyStore(inner);
    await put(inner, 'a.events', archiveOf(9));
    let isReplaced = false;
    store.before = async (operation) => {
      if (operation !== 'get' || isReplaced) return;
      isReplaced = true;
      await inner.delete('a.events');
      await put(inner, 'a.events', archiveOf(10));
    };
    await requests(store, { ...TENTH, indexCache: cache });
    expect(store.heads).to.have.length(1);
  });

  it('asks for an object that a listing does not describe', async () => {
    const inner = new DirectoryStore(join(directory, 'store'));
    class Sparse extends FaultyStore {
      override async *list(prefix = ''): AsyncGenerator<StoredObject> {
        for await (const { bytes, key } of super.list(prefix)) yield { key, bytes, metadata: {} };
      }
    }
    const store = new Sparse(inner);
    await putHours(store, defaultName);
    for (let i = 0; i < 2; i++) {
      await requests(store, { ...TENTH, indexCache: cache });
      expect(store.heads).to.have.length(24);
    }
  });

  describe('with indexCache', () => {
    let store: FaultyStore;

    beforeEach(async () => {
      store = new FaultyStore(new DirectoryStore(join(directory, 'store')));
      await putHours(store, defaultName);
      await requests(store, { ...TENTH, indexCache: cache });
    });

    it('keeps small files that only their owner may read', async () => {
      const names = await readdir(cache);
      expect(names).to.have.length(24);
      for (const name of names) {
        const { mode, size } = await stat(join(cache, name));
        expect(mode & 0o777).to.equal(0o600);
        expect(size).to.be.below(600);
      }
    });

    it('does not use an entry that is damaged, or of another object', async () => {
      const names = await readdir(cache);
      const [first = '', second = ''] = names;
      const swapped = await readFile(join(cache, second));
      for (const name of names) {
        const entry = await readFile(join(cache, name));
        entry.writeUInt8(entry.readUInt8(entry.length - 20) ^ 1, entry.length - 20);
        await writeFile(join(cache, name), name === second ? '' : entry);
      }
      await writeFile(join(cache, first), swapped);
      const counts = await requests(store, { ...TENTH, indexCache: cache });
      expect(counts.size).to.equal(24);
      // They were replaced.
      expect((await requests(store, { ...TENTH, indexCache: cache })).size).to.be.at.most(1);
    });

    it('does not use the entry of an object that was replaced by one of the same size', async () => {
      await store.delete(defaultName(3));
      await put(store, defaultName(3), archiveOf(10));
      // The same records once more.
      const counts = await requests(store, { ...TENTH, indexCache: cache });
      expect(counts.has(defaultName(3))).to.equal(true);
    });

    it('also serves a reader that selects by metadata', async () => {
      const rows = Array.from({ length: 90 }, (_, i) => [
        { payload: `${i}`.padEnd(9000, '.'), metadata: { k: `${i}` } },
      ]);
      const { bytes } = sealArchive(rows, { indexedKeys: ['k'] });
      await put(store, 'm/a.events', bytes);
      const pattern = { store, pattern: 'm/*' };
      for (const gets of [2, 1]) {
        store.gets.length = 0;
        const options = { where: { k: '7' }, indexCache: cache };
        const { payloads } = await readPayloads(createArchiveReader(pattern, options));
        expect(payloads).to.have.length(1);
        expect(store.gets).to.have.length(gets);
      }
    });

    it('costs requests and is a warning if it cannot be used', async () => {
      const file = join(directory, 'file');
      await writeFile(file, 'x');
      const warnings = await warningsOf(async () => {
        for (let i = 0; i < 2; i++) {
          expect((await requests(store, { ...TENTH, indexCache: file })).size).to.equal(24);
        }
      });
      expect(warnings.map((warning) => Reflect.get(warning, 'code'))).to.deep.equal([
        'SHOEBOX_INDEX_CACHE',
      ]);
    });
  });

  it('keeps the cache within its size, and removes what killed processes left in it', async () => {
    const one = new IndexCache(cache, nodeFileLayer, 100_000);
    const entry = (i: number) => ({ path: `s3://b/${i}`, bytes: 50_000, etag: '"e"' });
    await one.put(entry(0), Buffer.alloc(9000));
    await writeFile(
      join(cache, `.${'a'.repeat(64)}.index.${'0'.repeat(16)}.part`),
      'x'.repeat(80_000),
    );
    await writeFile(join(cache, 'mine.txt'), 'x');
    const other = new IndexCache(cache, nodeFileLayer, 100_000);
    for (let i = 1; i < 40; i++) await other.put(entry(i), Buffer.alloc(9000));
    let bytes = 0;
    for (const name of await readdir(cache)) bytes += (await stat(join(cache, name))).size;
    expect(bytes).to.be.below(110_000);
    expect(await other.get(entry(39))).to.have.length(9000);
    expect(await readdir(cache)).to.include('mine.txt');
    // Too large for an entry.
    await other.put({ ...entry(50), bytes: 3e6 }, Buffer.alloc(2e6));
    expect(await other.get({ ...entry(50), bytes: 3e6 })).to.equal(null);
  });
});
