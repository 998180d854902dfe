import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { nodeZstd } from '../../lib/codec/compression/zstd/node-zstd.js';
import { ArchiveError } from '../../lib/errors/archive-error.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import {
  type ArchiveWriterOptions,
  createArchiveWriter,
} from '../../lib/shipping/create-archive-writer.js';
import { moveTo } from '../../lib/writing/handlers/move-to.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import { numbered, readPayloads, TemporaryDirectories } from '../support/series.js';
import { commandOutput, needsZstd } from '../support/zstd-tools.js';

const PAYLOADS = numbered('x', 30).map((text) => `"${text}"`);

describe('the option compress', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  /** Writes all payloads, and returns the writer after its end. */
  async function write(options: Partial<ArchiveWriterOptions> = {}, payloads = PAYLOADS) {
    const writer = createArchiveWriter({
      ...{ directory, template: 'x_[[SEQUENCE]].events', roll: rollByCount(10) },
      ...options,
    });
    for (const payload of payloads) writer.write({ payload });
    writer.end();
    await writer.close();
    return writer;
  }

  const names = async () => (await readdir(directory)).sort();
  const three = (suffix: string) => [0, 1, 2].map((n) => `x_00000${n}.events${suffix}`);

  it('replaces each archive by NAME.gz', async () => {
    for (const compress of [true, 'gzip'] as const) {
      const place = await directories.make();
      const writer = await write({ compress, directory: place });
      expect((await readdir(place)).sort()).to.deep.equal(three('.gz'));
      expect(writer.patterns).to.deep.equal([writer.pattern]);
      const { payloads } = await readPayloads(createArchiveReader(writer.patterns));
      expect(payloads).to.deep.equal(PAYLOADS);
      expect((await verifyArchives(join(place, '*'))).verdict).to.equal('complete');
    }
  });

  it('replaces each archive by NAME.zst', async function () {
    needsZstd(this);
    await write({ compress: 'zstd', format: 'jsonl' });
    expect(await names()).to.deep.equal(three('.zst'));
    const first = await readFile(join(directory, three('.zst')[0] ?? ''));
    const lines = PAYLOADS.slice(0, 10).map((payload) => `${payload}\n`);
    expect(commandOutput(this, first).toString()).to.equal(lines.join(''));
  });

  it('leaves the archives as they are by default, and with false', async () => {
    await write({ compress: false });
    expect(await names()).to.deep.equal(three(''));
  });

  it('compresses what an earlier writer left', async () => {
    await write();
    await createArchiveWriter({
      ...{ directory, template: 'x_[[SEQUENCE]].events', compress: true },
    }).close();
    expect(await names()).to.deep.equal(three('.gz'));
  });

  it('finishes what a crash left between the two files', async () => {
    await write();
    const [first = ''] = await names();
    const bytes = await readFile(join(directory, first));
    await writeFile(join(directory, `${first}.gz`), gzipSync(bytes));
    await createArchiveWriter({
      ...{ directory, template: 'x_[[SEQUENCE]].events', compress: true },
    }).close();
    expect(await names()).to.deep.equal(three('.gz'));
    expect(gunzipSync(await readFile(join(directory, `${first}.gz`))).equals(bytes)).to.equal(true);
  });

  it('gives a new archive no name that a compressed one has', async () => {
    await write({ compress: true });
    const other = numbered('y', 30);
    await write({ compress: true }, other);
    await write({}, numbered('z', 10));
    const reader = createArchiveReader(directory);
    reader.on('late', () => undefined);
    const { payloads } = await readPayloads(reader);
    expect(payloads.toSorted()).to.deep.equal(
      [...PAYLOADS, ...other, ...numbered('z', 10)].toSorted(),
    );
    // Nor a name that depends on the content.
    await write({ template: 'n_[[COUNT]].events', compress: true });
    // Which alternatives they take depends on how far the compression of the ones before is.
    const alternatives = (await names()).filter((name) => /^n_10(?:-\d)*\.events\.gz$/.test(name));
    expect(alternatives).to.have.length(3);
    expect(alternatives).to.include('n_10.events.gz');
  });

  it('says what was compressed by the event shipped, and by receipts', async () => {
    const writer = createArchiveWriter({ directory, compress: true });
    const keys: string[] = [];
    writer.on('shipped', ({ key }) => keys.push(key));
    const receipt = writer.append({ payload: '1' });
    writer.end();
    await receipt.shipped;
    await writer.close();
    expect(keys).to.deep.equal(await names());
  });

  it('is refused with ship, and with handlers that move files', () => {
    const ship = { to: join(directory, 'store') };
    expect(() => createArchiveWriter({ directory, compress: 'gzip', ship })).to.throw(
      TypeError,
      'compress is "gzip", but ship compresses too: choose ship.compression instead',
    );
    const handlers = [moveTo(join(directory, 'other'))];
    expect(() => createArchiveWriter({ directory, compress: true, handlers })).to.throw(
      TypeError,
      'handler moveTo does not go with compress',
    );
    const brotli: unknown = 'brotli';
    expect(() =>
      Reflect.apply(createArchiveWriter, undefined, [{ directory, compress: brotli }]),
    ).to.throw(TypeError, `compress is "brotli", expected true, 'gzip' or 'zstd'`);
  });

  it('names zstd and Node 22.15 where Node has no zstd', async () => {
    const create = () => createArchiveWriter({ directory, compress: 'zstd' });
    if (nodeZstd !== null) await create().close();
    else expect(create).to.throw(ArchiveError, /zstd needs Node 22\.15/);
  });
});

describe('shipping to the own directory without compression', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  it('is refused', async () => {
    const directory = await directories.make();
    const ship = { to: directory, compression: 'none' } as const;
    expect(() => createArchiveWriter({ directory, ship })).to.throw(
      RangeError,
      "the writer's own directory, and ship.compression is 'none'",
    );
  });

  it('never takes a file for its own copy, however the directory is named', async () => {
    const root = await directories.make();
    const directory = join(root, 'spool');
    await mkdir(directory);
    const writer = createArchiveWriter({
      ...{ directory, template: 'x_[[SEQUENCE]].events' },
      ship: { to: root, key: 'spool/[[NAME]]', compression: 'none' },
    });
    writer.write({ payload: '1' });
    writer.end();
    await writer.close();
    const { payloads } = await readPayloads(createArchiveReader(directory));
    expect(payloads).to.deep.equal(['1']);
  });
});
