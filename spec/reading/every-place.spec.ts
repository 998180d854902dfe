import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import {
  type ArchiveRecord,
  createArchiveReader,
  createArchiveWriter,
  DirectoryStore,
  exportParquet,
  fromJsonLines,
  openStore,
  type RollingReadOptions,
  replay,
  rollByCount,
  type SeriesPattern,
  type ShipOptions,
  type Store,
  toCsv,
  toJsonLines,
  verifyArchives,
} from '../../lib/index.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { TemporaryDirectories } from '../support/series.js';

const START = Date.UTC(2026, 10, 30, 8);
const MINUTE = 60_000;

/** Records of each writer, in three archives. Those of one writer come between those of the other. */
const COUNT = 30;

/** A place of archives, as a user names it. */
interface Place {
  readonly pattern: SeriesPattern;
  readonly options: Pick<RollingReadOptions, 's3'>;
  readonly ship: ShipOptions | undefined;
  /** Exchanges the bytes of two archives. */
  exchange(a: string, b: string): Promise<void>;
  close(): Promise<void>;
}

/** Each step must give the same on local disk, in a directory store and on an S3 service. */
describe('a series in every place', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let server: S3Server;

  before(async () => {
    server = await startS3();
  });

  after(async () => {
    await server.stop();
    await directories.remove();
  });

  const places: Readonly<Record<string, () => Promise<Place>>> = {
    'on local disk': async () => ({
      ...{ pattern: `${directory}/*.events`, options: {}, ship: undefined },
      async exchange(a, b) {
        const [from, to, between] = [a, b, 'between'].map((name) => join(directory, name));
        if (from === undefined || to === undefined || between === undefined) return;
        await rename(from, between);
        await rename(to, from);
        await rename(between, to);
      },
      close: async () => undefined,
    }),
    'in a directory store': async () => {
      const store = new DirectoryStore(join(directory, 'store'));
      return {
        ...{ pattern: { store, pattern: '**' }, options: {}, ship: { to: store.name } },
        exchange: (a, b) => exchangeObjects(store, a, b),
        close: () => store.close(),
      };
    },
    'on an S3 service': async () => {
      const { credentials, endpoint, region } = server;
      const s3 = { credentials, endpoint, region };
      const to = `s3://${await server.createBucket()}/logs`;
      const store = openStore(to, { s3 });
      return {
        ...{ pattern: `${to}/`, options: { s3 }, ship: { to, s3 } },
        exchange: (a, b) => exchangeObjects(store, a, b),
        close: () => store.close(),
      };
    },
  };

  for (const [name, open] of Object.entries(places)) {
    describe(name, () => {
      let place: Place;
      let records: ArchiveRecord[];

      before(async () => {
        directory = await directories.make();
        place = await open();
        for (const writer of [0, 1]) await write(writer);
        records = await reader().toArray();
      });

      after(() => place.close());

      function reader(options: RollingReadOptions = {}) {
        return createArchiveReader(place.pattern, { ...place.options, ...options });
      }

      /** Archives the records of a writer, a minute each. */
      async function write(writer: number): Promise<void> {
        const archives = createArchiveWriter({
          ...{ directory, roll: rollByCount(COUNT / 3), index: ['tenant'] },
          writerId: String(writer).repeat(16),
          ...(place.ship !== undefined && { ship: place.ship }),
        });
        for (let i = 0; i < COUNT; i++) {
          archives.write({
            time: START + (2 * i + writer) * MINUTE,
            metadata: { tenant: String(i % 10), event: i < 20 ? 'login' : 'logout' },
            payload: { writer, i },
          });
        }
        await archives.close();
      }

      const minuteOf = ({ timeMicros = 0 }: ArchiveRecord) => (timeMicros / 1000 - START) / MINUTE;

      it('continues after a cursor, with all writers and one that began later', async () => {
        const first = reader({ limit: COUNT + 5 });
        for await (const _ of first);
        const { cursor } = first;
        expect(cursor).to.match(/^1\./);
        expect(await textsOf(reader({ after: cursor }))).to.deep.equal(texts(records.slice(35)));
        await write(2);
        const later = await reader({ after: cursor }).toArray();
        expect(later).to.have.length(2 * COUNT - 5);
        records = await reader().toArray();
      });

      it('follows from a cursor, and ends with its signal', async () => {
        const [before] = records.slice(-3);
        const controller = new AbortController();
        const { signal } = controller;
        const follower = reader({ after: before?.cursor, follow: true, signal });
        const found: string[] = [];
        let failure: unknown;
        try {
          for await (const record of follower) {
            found.push(record.text());
            if (found.length === 2) controller.abort();
          }
        } catch (error) {
          failure = error;
        }
        expect(found).to.deep.equal(texts(records.slice(-2)));
        expect(failure).to.have.property('name', 'AbortError');
      });

      it('finds metadata and times', async () => {
        const where = { tenant: /^[78]$/, event: ['login', 'logon'] };
        const options = { where, from: START + 15 * MINUTE, to: START + 39 * MINUTE };
        const found = await reader({ ...options, order: 'merged' }).toArray();
        expect(found.map(minuteOf)).to.deep.equal([15, 16, 16, 17, 18, 34, 35, 36, 36, 37, 38]);
      });

      it('merges writers by time, and replays them', async () => {
        const merged: ArchiveRecord[] = [];
        await pipeline(
          reader({ order: 'merged' }),
          replay({ speed: Number.POSITIVE_INFINITY }),
          async (source: AsyncIterable<ArchiveRecord>) => {
            for await (const record of source) merged.push(record);
          },
        );
        const times = merged.map(minuteOf);
        expect(times).to.have.length(3 * COUNT);
        expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
      });

      it('is exported as JSON lines, CSV and Parquet', async () => {
        const lines = reader().pipe(toJsonLines({ lossless: true }));
        const read = await lines.pipe(fromJsonLines({ lossless: true })).toArray();
        expect(texts(read)).to.deep.equal(texts(records));
        const csv = await reader()
          .pipe(toCsv({ columns: ['payload.i'] }))
          .toArray();
        expect(Buffer.concat(csv).toString().split('\r\n')).to.have.length(records.length + 2);
        const table = { directory: join(directory, 'table'), partition: 'hour' } as const;
        const { files, rows } = await exportParquet(reader(), table);
        expect([files.map((file) => file.rows), rows]).to.deep.equal([[89, 1], 90]);
      });

      it('ends when a loop breaks off, and as a web stream', async () => {
        const looped = reader();
        for await (const record of looped) if (minuteOf(record) > 4) break;
        expect(looped.destroyed).to.equal(true);
        const taken = reader({ order: 'merged' });
        const some = taken.filter(({ metadata }) => metadata.tenant === '7').take(2);
        expect(await some.map(minuteOf).toArray()).to.deep.equal([14, 15]);
        expect(taken.destroyed).to.equal(true);
        let count = 0;
        for await (const _ of Readable.toWeb(reader())) count++;
        expect(count).to.equal(records.length);
      });

      it('is verified, and archives that were exchanged are found', async () => {
        const seen: string[] = [];
        const report = await verifyArchives(place.pattern, {
          ...place.options,
          onProgress: ({ archives, of }) => seen.push(`${archives}/${of}`),
        });
        expect([report.verdict, report.problems]).to.deep.equal(['complete', []]);
        expect(seen.at(-1)).to.equal('9/9');
        const full = await verifyArchives(place.pattern, { ...place.options, full: true });
        expect([full.verdict, full.archives.every(({ isRead }) => isRead)]).to.deep.equal([
          'complete',
          true,
        ]);
        const [a = '', b = ''] = full.archives.map(
          ({ archive }) => archive.split('/').at(-1) ?? '',
        );
        await place.exchange(a, b);
        const found = await verifyArchives(place.pattern, place.options);
        expect(found.problems.map(({ kind }) => kind)).to.include('misnamed');
      });
    });
  }
});

function texts(records: readonly { text(): string }[]): string[] {
  return records.map((record) => record.text());
}

async function textsOf(reader: ReturnType<typeof createArchiveReader>): Promise<string[]> {
  return texts(await reader.toArray());
}

async function exchangeObjects(store: Store, a: string, b: string): Promise<void> {
  const [first, second] = [await bytesOf(store, a), await bytesOf(store, b)];
  await store.put(a, Readable.from([second], { objectMode: false }), { whenTaken: 'replace' });
  await store.put(b, Readable.from([first], { objectMode: false }), { whenTaken: 'replace' });
}

async function bytesOf(store: Store, key: string): Promise<Buffer> {
  return Buffer.concat(await (await store.get(key)).toArray());
}
