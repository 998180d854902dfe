import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { expect } from 'chai';

import {
  createArchiveReader,
  createArchiveWriter,
  openStore,
  type Store,
} from '../../lib/index.js';
import { allowTime } from '../support/allow-time.js';
import { compiled } from '../support/compiled.js';
import { KILL_POINTS, KILL_TEMPLATE, type KillPoint } from '../support/kill-points.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { TemporaryDirectories } from '../support/series.js';
import { archivesIn } from '../support/shipping-writer.js';
import { listed } from '../support/store-tools.js';

const MIB = 2 ** 20;
const CHILD = new URL('../support/shipping-child.ts', import.meta.url);

describe('a shipment whose process is killed', function () {
  allowTime(this, 120_000);

  const directories = new TemporaryDirectories();
  let directory: string;
  let server: S3Server;

  before(async () => {
    server = await startS3();
  });

  after(() => server.stop());

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  /** Runs a writer up to a point, and kills it there. */
  async function killAt(point: KillPoint, to: string, archiveBytes: number): Promise<void> {
    const child = fork(compiled(CHILD), [directory, to, point, String(archiveBytes)], {
      execArgv: [],
      env: { ...process.env, ...environment() },
    });
    await Promise.race([messages(child, 2), once(child, 'exit')]);
    expect(child.exitCode).to.equal(null);
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const name of readdirSync(directory)) {
      // Make the lease look 10 s old, from when it may be taken over.
      if (name.endsWith('.lock')) await utimes(join(directory, name), 0, 0);
    }
  }

  function environment(): NodeJS.ProcessEnv {
    const { credentials, endpoint, region } = server;
    return {
      S3_ENDPOINT: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
  }

  /** The numbers of the records in the store, each of which must be intact. */
  async function storedRecords(store: Store): Promise<string[]> {
    const back = await directories.make();
    for (const { key } of await listed(store.list())) {
      await writeFile(join(back, key), await buffer(await store.get(key)));
    }
    const records = await createArchiveReader(back, { allowEmpty: true }).toArray();
    for (const { metadata, payload } of records) {
      expect(createHash('sha256').update(payload).digest('hex')).to.equal(metadata.sha256);
    }
    return records.map(({ metadata }) => metadata.n ?? '');
  }

  async function expectTheRestAfter(point: KillPoint, store: Store): Promise<void> {
    const stored = await storedRecords(store);
    // Every archive is here or in the store.
    expect(archivesIn(directory).filter((name) => name.endsWith('.events')).length).to.be.at.least(
      3 - stored.length,
    );
    const writer = createArchiveWriter({ directory, template: KILL_TEMPLATE, ship: { to: store } });
    const failed: unknown[] = [];
    writer.on('failed', ({ error }) => failed.push(error));
    const { left } = await writer.close();
    expect([left, failed]).to.deep.equal([[], []]);
    expect(await listed(store.list())).to.have.length(3);
    expect(await storedRecords(store)).to.deep.equal(['0', '1', '2']);
    const uploads = store.listUploads?.() ?? [];
    expect(await Readable.from(uploads).toArray(), point).to.deep.equal([]);
    expect(readdirSync(directory)).to.deep.equal([]);
  }

  for (const point of KILL_POINTS) {
    it(`loses nothing and leaves nothing behind in a directory: ${point}`, async () => {
      const to = await directories.make();
      // More than the child reads before it is "amid the parts".
      await killAt(point, to, 1.25 * MIB);
      await expectTheRestAfter(point, openStore(to));
    });
  }

  for (const point of ['upload created', 'stored'] as const) {
    it(`loses nothing and leaves nothing behind on S3: ${point}`, async function () {
      // The embedded service can neither list nor abort uploads.
      if (!server.isComplete) this.skip();
      const to = `s3://${await server.createBucket()}/prefix`;
      // More than a part.
      await killAt(point, to, 7 * MIB);
      const { credentials, endpoint, region } = server;
      const store = openStore(to, { s3: { credentials, endpoint, region } });
      await expectTheRestAfter(point, store);
      await store.close();
    });
  }
});

async function messages(child: ChildProcess, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await once(child, 'message');
}
