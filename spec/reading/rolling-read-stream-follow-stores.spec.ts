import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import {
  createArchiveReader,
  DirectoryStore,
  openStore,
  type RollingReadOptions,
  type SeriesPattern,
  type SeriesPatterns,
  type Store,
} from '../../lib/index.js';
import { FaultyStore } from '../support/faulty-store.js';
import { Follower } from '../support/follower.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';

/** Archive `i` of a writer: three records, which are written about now. */
function archive(i: number, writer = 'a'): Buffer {
  const options = { writer, sequence: 3 * i, time: 1000 * i, blockBytes: 20 };
  return encodeUnsealed(numbered(`${writer}${i}`, 3), options);
}

function textsOf(...numbers: number[]): string[] {
  return numbers.flatMap((i) => numbered(`a${i}`, 3));
}

describe('RollingReadStream, that follows a series in a store', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let followers: Follower[];
  let server: S3Server;

  before(async () => {
    server = await startS3();
  });

  after(() => server.stop());

  beforeEach(async () => {
    directory = await directories.make();
    await mkdir(join(directory, 'spool'));
    followers = [];
  });

  afterEach(async () => {
    for (const follower of followers) await follower.stop();
    await directories.remove();
  });

  function follow(patterns: SeriesPatterns, options?: RollingReadOptions): Follower {
    const follower = new Follower(patterns, options);
    followers.push(follower);
    return follower;
  }

  const inSpool = (i: number, state = '') => join(directory, 'spool', `x_a-${i}.events${state}`);

  interface Place {
    readonly store: Store;
    readonly pattern: SeriesPattern;
    readonly options: RollingReadOptions;
  }

  const places: Readonly<Record<string, () => Promise<Place>>> = {
    'a directory store': async () => {
      const store = new DirectoryStore(join(directory, 'store'));
      return { store, pattern: { store, pattern: '**' }, options: {} };
    },
    'a directory store, by its path': async () => {
      await mkdir(join(directory, 'store'));
      const store = new DirectoryStore(join(directory, 'store'));
      return { store, pattern: join(directory, 'store/**'), options: {} };
    },
    S3: async () => {
      const { credentials, endpoint, region } = server;
      const s3 = { credentials, endpoint, region };
      const url = `s3://${await server.createBucket()}`;
      const store = openStore(url, { s3 });
      return { store, pattern: `${url}/**`, options: { s3 } };
    },
  };

  for (const [name, open] of Object.entries(places)) {
    describe(`on ${name},`, () => {
      let place: Place;

      beforeEach(async () => {
        place = await open();
      });

      afterEach(() => place.store.close());

      const ship = (i: number, bytes = archive(i)) =>
        place.store.put(
          `dt=1/x_a-${i}.events.gz`,
          Readable.from([gzipSync(bytes)], { objectMode: false }),
        );

      it('emits what is shipped, also if the file goes before it was read', async () => {
        const follower = follow([join(directory, 'spool/*'), place.pattern], place.options);
        await ship(0);
        await writeFile(inSpool(1, '.open'), archive(1).subarray(0, 150));
        await follower.pass(1000);
        await ship(1);
        await rm(inSpool(1, '.open'));
        await follower.pass(2000);
        await ship(2);
        await follower.pass(4000);
        await follower.has(9);
        expect(follower.texts).to.deep.equal(textsOf(0, 1, 2));
        expect(follower.gaps).to.deep.equal([]);
      });

      it('continues after a cursor that was taken from the local file', async () => {
        await writeFile(inSpool(0, '.open'), archive(0));
        const [spool, cursors] = [join(directory, 'spool/*'), [] as (string | undefined)[]];
        for await (const record of createArchiveReader(spool)) cursors.push(record.cursor);
        await ship(0);
        await ship(1);
        await rm(inSpool(0, '.open'));
        const after = cursors[1];
        const texts: string[] = [];
        const patterns = [spool, place.pattern];
        for await (const record of createArchiveReader(patterns, { ...place.options, after })) {
          texts.push(record.text());
        }
        expect(texts).to.deep.equal(textsOf(0, 1).slice(2));
        const follower = follow(patterns, { ...place.options, after });
        await follower.has(4);
        expect(follower.texts).to.deep.equal(texts);
      });
    });
  }

  describe('by polling:', () => {
    let store: FaultyStore;
    const pattern = () => ({ store, pattern: '**' });

    beforeEach(() => {
      store = new FaultyStore(new DirectoryStore(join(directory, 'store')));
    });

    const ship = (i: number) =>
      store.put(`x_a-${i}.events`, Readable.from([archive(i)], { objectMode: false }));

    it('lists every second, then less often up to every 10 s, until something comes', async () => {
      const follower = follow(pattern());
      await follower.isIdle();
      const lists: number[] = [];
      const listsIn = async (seconds: number) => {
        const before = store.prefixes.length;
        for (let i = 0; i < seconds; i++) await follower.pass(1000);
        return store.prefixes.length - before;
      };
      for (const seconds of [1, 1, 2, 4, 8, 10, 10, 100]) lists.push(await listsIn(seconds));
      expect(lists).to.deep.equal([1, 1, 1, 1, 1, 1, 1, 10]);
      await ship(0);
      await listsIn(10);
      await follower.has(3);
      expect(await listsIn(2)).to.be.within(1, 2);
    });

    it('emits a later archive only after the earlier ones of its writer', async () => {
      await ship(0);
      const follower = follow(pattern());
      await follower.has(3);
      await ship(2);
      await follower.pass(1000);
      await follower.pass(2000);
      await ship(3);
      await follower.pass(4000);
      await follower.has(3);
      await ship(1);
      await follower.pass(10_000);
      await follower.has(12);
      expect(follower.texts).to.deep.equal(textsOf(0, 1, 2, 3));
      expect(follower.gaps).to.deep.equal([]);
    });

    it('waits ten minutes for an earlier archive, and then reports a gap', async () => {
      await ship(0);
      await ship(2);
      const follower = follow(pattern());
      await follower.has(3);
      for (let minute = 0; minute < 9; minute++) await follower.pass(60_000);
      await follower.has(3);
      await follower.pass(60_000);
      await follower.pass(10_000);
      await follower.has(6);
      expect(follower.gaps).to.deep.equal([{ writer: 'a'.repeat(16), from: 3, to: 6 }]);
      await ship(1);
      await follower.pass(10_000);
      await follower.has(9);
    });

    it('does not wait before records that are older than that', async () => {
      await ship(0);
      await ship(2);
      const follower = new Follower(pattern());
      follower.clock.jumpTo(follower.clock.now() + 3_600_000);
      followers.push(follower);
      await follower.has(6);
      expect(follower.gaps).to.have.length(1);
    });

    it('waits for an earlier archive that is still local', async () => {
      await ship(0);
      await writeFile(inSpool(1, '.open'), archive(1).subarray(0, 150));
      const follower = follow([pattern(), join(directory, 'spool/*')]);
      await follower.has(4);
      await ship(2);
      await follower.pass(1000);
      await follower.has(4);
      await writeFile(inSpool(1, '.open'), archive(1));
      await follower.has(9);
      expect(follower.texts).to.deep.equal(textsOf(0, 1, 2));
    });
  });
});
