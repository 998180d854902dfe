import { Readable } from 'node:stream';

import { expect } from 'chai';

import * as shoebox from '../lib/index.js';
import { TemporaryDirectories } from './support/series.js';

describe('an unknown option', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  before(async () => {
    directory = await directories.make();
  });

  after(() => directories.remove());

  const body = () => Readable.from([Buffer.from('x')], { objectMode: false });
  const store = () => new shoebox.DirectoryStore(directory);
  const s3Store = () => new shoebox.S3Store('s3://bucket');

  async function onWriter(use: (writer: shoebox.ArchiveWriter) => Promise<unknown>) {
    const writer = shoebox.createArchiveWriter({ directory });
    try {
      await use(writer);
    } finally {
      await writer.close();
    }
  }

  /** Everything that takes options, with a misspelt one. */
  const users: Readonly<
    Record<string, [slip: object, meant: string, use: (slip: object) => unknown]>
  > = {
    createArchiveWriter: [
      { sycn: 'always' },
      'sync',
      (slip) => shoebox.createArchiveWriter({ directory, ...slip }),
    ],
    'ship of createArchiveWriter': [
      { maxSpolBytes: '1 GiB' },
      'ship.maxSpoolBytes',
      (slip) => shoebox.createArchiveWriter({ directory, ship: { to: directory, ...slip } }),
    ],
    's3 of ship': [
      { regoin: 'x' },
      'ship.s3.region',
      (slip) => shoebox.createArchiveWriter({ directory, ship: { to: 's3://b', s3: slip } }),
    ],
    's3 beside ship': [
      { s3: { region: 'x' } },
      'ship.s3',
      (slip) => shoebox.createArchiveWriter({ directory, ship: { to: 's3://b' }, ...slip }),
    ],
    RollingWriteStream: [
      { tempalte: 'x' },
      'template',
      (slip) => new shoebox.RollingWriteStream({ directory, ...slip }),
    ],
    'close of a writer': [
      { deadline: 5000 },
      'deadlineMs',
      (slip) => onWriter((writer) => writer.close(slip)),
    ],
    'flush of a writer': [
      { untill: 'sealed' },
      'until',
      (slip) => onWriter((writer) => writer.flush(slip)),
    ],
    createArchiveReader: [
      { form: '2026-11-30' },
      'from',
      (slip) => shoebox.createArchiveReader(directory, slip),
    ],
    's3 of createArchiveReader': [
      { endpoint: 'http://localhost' },
      's3.endpoint',
      (slip) => shoebox.createArchiveReader('s3://b', slip),
    ],
    RollingReadStream: [
      { limits: 1 },
      'limit',
      (slip) => new shoebox.RollingReadStream(directory, slip),
    ],
    verifyArchive: [
      { maxRecordByte: 1 },
      'maxRecordBytes',
      (slip) => shoebox.verifyArchive('none', slip),
    ],
    verifyArchives: [
      { file: shoebox.nodeFileLayer },
      'files',
      (slip) => shoebox.verifyArchives(directory, slip),
    ],
    listArchives: [
      { allowEmty: true },
      'allowEmpty',
      (slip) => shoebox.listArchives(directory, slip),
    ],
    findShippedObject: [
      { file: shoebox.nodeFileLayer },
      'files',
      (slip) => shoebox.findShippedObject('none', slip),
    ],
    findLeftovers: [
      { oldThan: '1d' },
      'olderThan',
      (slip) => shoebox.findLeftovers(directory, slip),
    ],
    shipArchives: [
      { locaFile: 'keep' },
      'localFile',
      (slip) => shoebox.shipArchives(directory, { to: directory, ...slip }),
    ],
    readLast: [{ counts: 1 }, 'count', (slip) => shoebox.readLast(directory, slip)],
    repairArchive: [
      { maxRecordsBytes: 1 },
      'maxRecordBytes',
      (slip) => shoebox.repairArchive('none', 'other', slip),
    ],
    Encoder: [{ blokBytes: 1 }, 'blockBytes', (slip) => new shoebox.Encoder(slip)],
    Decoder: [{ whenDamage: 'skip' }, 'whenDamaged', (slip) => new shoebox.Decoder(slip)],
    SeekableGzip: [{ levle: 1 }, 'level', (slip) => new shoebox.SeekableGzip(slip)],
    SeekableZstd: [{ levle: 1 }, 'level', (slip) => new shoebox.SeekableZstd(slip)],
    toJsonLines: [{ metadatas: true }, 'metadata', (slip) => shoebox.toJsonLines(slip)],
    fromJsonLines: [{ metdata: [] }, 'metadata', (slip) => shoebox.fromJsonLines(slip)],
    toCsv: [
      { colums: ['time'] },
      'columns',
      (slip) => shoebox.toCsv({ columns: ['time'], ...slip }),
    ],
    toParquet: [{ payloads: 'text' }, 'payload', (slip) => shoebox.toParquet(slip)],
    exportParquet: [
      { partitions: 'day' },
      'partition',
      (slip) => shoebox.exportParquet([], { directory, partition: 'day', ...slip }),
    ],
    replay: [{ maxpauze: 1 }, 'maxPause', (slip) => shoebox.replay(slip)],
    toPayloads: [{ seperator: '' }, 'separator', (slip) => shoebox.toPayloads(slip)],
    DirectoryStore: [{ file: {} }, 'files', (slip) => new shoebox.DirectoryStore('x', slip)],
    'put of DirectoryStore': [
      { whenTakn: 'refuse' },
      'whenTaken',
      (slip) => store().put('x', body(), slip),
    ],
    'get of DirectoryStore': [
      { ifmatch: 'x' },
      'ifMatch',
      (slip) => store().get('x', undefined, slip),
    ],
    S3Store: [{ partBites: 1 }, 'partBytes', (slip) => new shoebox.S3Store('s3://b', slip)],
    'put of S3Store': [
      { whenTakn: 'refuse' },
      'whenTaken',
      (slip) => s3Store().put('x', body(), slip),
    ],
    'get of S3Store': [{ ifmatch: 'x' }, 'ifMatch', (slip) => s3Store().get('x', undefined, slip)],
    openStore: [{ region: 'x' }, 's3.region', (slip) => shoebox.openStore('s3://b', slip)],
    rollAtClock: [{ ofset: '1h' }, 'offset', (slip) => shoebox.rollAtClock('24h', slip)],
    ArchiveTemplate: [{ uct: false }, 'utc', (slip) => new shoebox.ArchiveTemplate('a', slip)],
  };
  for (const [user, [slip, meant, use]] of Object.entries(users)) {
    it(`of ${user} is refused: "${Object.keys(slip)}" for "${meant}"`, async () => {
      let error: unknown;
      try {
        await use(slip);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(TypeError);
      expect(String(error)).to.match(/unknown option "[\w.]+": did you mean "/);
      expect(String(error)).to.include(`did you mean "${meant}"?`);
    });
  }

  it('is not one that a subclass keeps to itself', async () => {
    class TaggedWriter extends shoebox.RollingWriteStream {
      readonly tag: string;

      constructor({ tag, ...options }: shoebox.RollingWriteOptions & { readonly tag: string }) {
        super(options);
        this.tag = tag;
      }
    }
    const writer = new TaggedWriter({ directory, tag: 'audit' });
    expect(writer.tag).to.equal('audit');
    await writer.close();
  });

  it('may be undefined: options spread from a configuration often are', async () => {
    const configuration = { directory, sync: undefined, s3: undefined, ship: undefined };
    await shoebox.createArchiveWriter(configuration).close();
  });

  it('does not keep inherited options from the writer', async () => {
    const defaults = { invalid: 'skip' };
    const options: shoebox.ArchiveWriterOptions = Object.assign(Object.create(defaults), {
      directory,
    });
    const writer = shoebox.createArchiveWriter(options);
    Reflect.apply(writer.write, writer, [5]);
    await writer.close();
    expect(writer.stats().skipped).to.equal(1);
  });
});

describe('flush', () => {
  it('names the levels that there are, for one that there is not', async () => {
    const directories = new TemporaryDirectories();
    const writer = shoebox.createArchiveWriter({ directory: await directories.make() });
    const until: object = { until: 'ship' };
    try {
      await writer.flush(until);
      expect.fail('flush has accepted it');
    } catch (error) {
      expect(error).to.be.instanceOf(TypeError);
      expect(String(error)).to.include(
        `until is "ship", expected 'synced', 'written', 'sealed' or 'shipped'`,
      );
    }
    await writer.close();
    await directories.remove();
  });
});
