import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { verifyArchive } from '../../lib/reading/verifying/verify-archive.js';
import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import type { ShipOptions } from '../../lib/shipping/ship-options.js';
import { openStore } from '../../lib/stores/open-store.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import { repairArchive } from '../../lib/writing/recovery/repair-archive.js';
import { FaultyStore } from '../support/faulty-store.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { readPayloads, TemporaryDirectories } from '../support/series.js';
import { until } from '../support/until.js';

/** 1,200 records in three archives, of 16 per block. A tenant has one block, of one archive. */
const RECORDS = Array.from({ length: 1200 }, (_, i) => ({
  payload: `${i}:${randomBytes(750).toString('base64')}`,
  metadata: { tenant: `tenant-${Math.floor(i / 16)}`, event: i % 2 === 0 ? 'login' : 'view' },
}));

const OPTIONS = {
  index: ['tenant', 'event'],
  blockBytes: '16 KiB',
  roll: rollByCount(400),
  template: 'x_[[SEQUENCE]].events',
} as const;

describe('createArchiveWriter, with index', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  async function write(ship?: ShipOptions): Promise<void> {
    const local = join(directory, 'local');
    await mkdir(local);
    const writer = createArchiveWriter({
      ...{ ...OPTIONS, directory: local },
      ...(ship === undefined ? {} : { ship }),
    });
    await pipeline(RECORDS, writer);
  }

  async function numbers(reader: ReturnType<typeof createArchiveReader>): Promise<number[]> {
    const { error, payloads } = await readPayloads(reader);
    if (error !== undefined) throw error;
    return payloads.map((text) => Number.parseInt(text, 10));
  }

  const LOGINS_OF_7 = Array.from({ length: 8 }, (_, i) => 7 * 16 + 2 * i);
  const where = { tenant: 'tenant-7', event: 'login' };

  it('seals archives in which readers find records, and which are intact', async () => {
    await write();
    const local = join(directory, 'local');
    expect(await readdir(local)).to.have.length(3);
    expect(await numbers(createArchiveReader(local, { where }))).to.deep.equal(LOGINS_OF_7);
    expect(await numbers(createArchiveReader(local))).to.have.length(1200);
    expect(await verifyArchives(local)).to.include({ verdict: 'complete' });
  });

  it('ships them to a directory, where objects without the value cost one small read', async () => {
    const stored = join(directory, 'stored');
    await mkdir(stored);
    await write({ to: stored });
    const store = new FaultyStore(openStore(stored));
    const reader = createArchiveReader({ store, pattern: '*' }, { where });
    expect(await numbers(reader)).to.deep.equal(LOGINS_OF_7);
    expect(store.gets).to.have.length(3 + 1);
    // The ends of three objects, and one of them, which has a single member.
    expect(store.bytesRead).to.be.lessThan(3 * 64 * 1024 + 400 * 1024);
    await store.close();
  });

  it('copies them in repair, and leaves the index out where a frame is lost', async () => {
    await write();
    const path = join(directory, 'local', 'x_000000.events');
    const bytes = await readFile(path);
    const copy = join(directory, 'copy.events');
    await repairArchive(path, copy);
    expect((await readFile(copy)).equals(bytes)).to.equal(true);
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
    const damaged = join(directory, 'damaged.events');
    await writeFile(damaged, bytes);
    await repairArchive(damaged, `${copy}-2`);
    expect(await verifyArchive(`${copy}-2`)).to.include({ index: 'valid', isIntact: true });
    const reader = createArchiveReader(`${copy}-2`, { where });
    expect(await numbers(reader)).to.deep.equal(LOGINS_OF_7);
  });

  it('can be recovered by another writer, with or without the index', async () => {
    await write();
    const local = join(directory, 'local');
    const bytes = await readFile(join(local, 'x_000002.events'));
    // The writer was killed when the file was whole, or before its indexes, or amid them.
    const indexBytes = bytes.readUInt32LE(bytes.length - 4);
    const metadataIndexBytes = bytes.readUInt32LE(bytes.length - indexBytes - 4);
    const ends = [0, indexBytes, indexBytes + 20, indexBytes + metadataIndexBytes];
    for (const [i, lost] of ends.entries()) {
      const crashed = join(directory, `crashed-${i}`);
      await mkdir(crashed);
      await writeFile(
        join(crashed, 'x_000002.events.open'),
        bytes.subarray(0, bytes.length - lost),
      );
      const writer = createArchiveWriter({ ...OPTIONS, directory: crashed });
      await until(async () => (await readdir(crashed)).includes('x_000002.events'));
      await writer.close();
      const report = await verifyArchive(join(crashed, 'x_000002.events'));
      expect(report).to.include({ index: 'valid', isIntact: true, records: 400 });
      const found = await numbers(createArchiveReader(crashed, { where: { tenant: 'tenant-60' } }));
      expect(found).to.have.length(16);
    }
  });

  describe('to an S3 service', () => {
    let server: S3Server;

    before(async () => {
      server = await startS3();
    });

    after(() => server.stop());

    it('ships archives that readers search with few requests', async () => {
      const { credentials, endpoint, region } = server;
      const to = `s3://${await server.createBucket()}/logs`;
      const s3 = { endpoint, region, credentials };
      await write({ to, s3 });
      const reader = createArchiveReader(`${to}/`, { s3, where });
      expect(await numbers(reader)).to.deep.equal(LOGINS_OF_7);
      const store = new FaultyStore(openStore(to, { s3 }));
      const none = createArchiveReader({ store, pattern: '*' }, { where: { tenant: 'x' } });
      expect(await numbers(none)).to.deep.equal([]);
      expect(store.gets).to.have.length(3);
      await store.close();
    });
  });
});
