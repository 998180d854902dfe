import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

import { HeadObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';

import { ShippingPendingError } from '../../lib/errors/shipping-pending-error.js';
import { StoreError } from '../../lib/errors/store-error.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import type { ShipOptions } from '../../lib/shipping/ship-options.js';
import type { Store } from '../../lib/stores/contract/store.js';
import { openStore } from '../../lib/stores/open-store.js';
import type { S3StoreOptions } from '../../lib/stores/s3/s3-store-options.js';
import { deleteFile } from '../../lib/writing/handlers/delete-file.js';
import { moveTo } from '../../lib/writing/handlers/move-to.js';
import { compiled } from '../support/compiled.js';
import { MemoryStore } from '../support/memory-store.js';
import { passTime } from '../support/pass-time.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { numbered, TemporaryDirectories } from '../support/series.js';
import { archivesIn, createShippingWriter, TEMPLATE } from '../support/shipping-writer.js';
import { listed, rejection } from '../support/store-tools.js';
import { withFile } from '../support/with-file.js';

const MIB = 2 ** 20;

/** No other writer makes these names, so an archive has the same name in any store. */
const OWN_NAMES = 'x_[[SEQUENCE]]_[[WRITER]].events';

describe('createArchiveWriter', () => {
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

  function s3Options(): S3StoreOptions {
    const { credentials, endpoint, region } = server;
    return { credentials, endpoint, region, partBytes: '5 MiB' };
  }

  it('leaves archives in the directory without `ship`', async () => {
    const writer = createArchiveWriter({ directory });
    await pipeline(Readable.from(['x']), writer);
    expect(readdirSync(directory)).to.have.length(1);
    const [record] = await createArchiveReader(writer.pattern).toArray();
    expect(record?.text()).to.equal('x');
  });

  describe('with invalid options', () => {
    const create = (ship: ShipOptions, handlers = [deleteFile()]) =>
      createArchiveWriter({ directory, ship, handlers });

    it('refuses handlers that move files together with `ship`', () => {
      const ship = { to: directory };
      expect(() => create(ship)).to.throw(TypeError, 'handler deleteFile does not go with ship');
      expect(() => create(ship, [moveTo('there')])).to.throw(TypeError, 'handler moveTo');
    });

    it('refuses a target that is not a store', () => {
      // @ts-expect-error: `to` is missing.
      expect(() => create({}, [])).to.throw(TypeError, 'ship.to is undefined');
      expect(() => create({ to: '' }, [])).to.throw(RangeError, 'directory of a store is ""');
      expect(() => create({ to: 'ftp://there' }, [])).to.throw(RangeError, 'ftp://there');
    });

    it('refuses settings of S3 with another store', () => {
      const s3 = { region: 'eu-west-1' };
      const message = `ship.s3 goes with an s3:// URL, but ship.to is ${directory}`;
      expect(() => create({ to: directory, s3 }, [])).to.throw(TypeError, message);
      expect(() => create({ to: openStore('s3://bucket'), s3 }, [])).to.throw(TypeError, 'ship.s3');
    });

    it('refuses to move files into the directory they are in', () => {
      const localFile = { moveTo: `${directory}/.` };
      expect(() => create({ to: 'store', localFile }, [])).to.throw(RangeError, "choose 'keep'");
    });
  });

  interface Target {
    readonly to: string;
    readonly s3?: S3StoreOptions;
    /** Lists everything that is in the store, incomplete files and uploads included. */
    leftovers(): Promise<readonly string[]>;
  }

  const targets: Readonly<Record<string, () => Promise<Target>>> = {
    async 'a directory'() {
      const to = await directories.make();
      return { to, leftovers: async () => readdirSync(to) };
    },
    async S3() {
      const Bucket = await server.createBucket();
      const to = `s3://${Bucket}/deep/prefix`;
      return {
        to,
        s3: s3Options(),
        async leftovers() {
          const store = openStore(to, { s3: s3Options() });
          const objects = (await listed(store.list())).map(({ key }) => key);
          await store.close();
          if (!server.isComplete) return objects;
          const { Uploads = [] } = await server.client.send(
            new ListMultipartUploadsCommand({ Bucket }),
          );
          return [...objects, ...Uploads.map(({ Key = '' }) => `upload ${Key}`)];
        },
      };
    },
  };

  for (const [kind, createTarget] of Object.entries(targets)) {
    describe(`shipping to ${kind}`, () => {
      let target: Target;
      let store: Store;

      beforeEach(async () => {
        target = await createTarget();
        store = openStore(target.to, target.s3 === undefined ? {} : { s3: target.s3 });
      });

      afterEach(() => store.close());

      function open(options: Parameters<typeof createShippingWriter>[2] = {}) {
        const { leftovers: _, ...ship } = target;
        return createShippingWriter(directory, target.to, {
          ...options,
          ship: { ...ship, ...options.ship, to: options.ship?.to ?? target.to },
        });
      }

      it('puts each archive as NAME.gz, which holds exactly the sealed bytes', async () => {
        const sealed = new Map<string, Buffer>();
        const { writer, shipped, failed } = open({
          template: OWN_NAMES,
          handlers: [
            { onSealed: async ({ name, path }) => void sealed.set(name, await readFile(path)) },
          ],
        });
        await pipeline(Readable.from(numbered('v', 5)), writer);
        const objects = await listed(store.list());
        expect(objects.map(({ key }) => key)).to.deep.equal(
          [...sealed.keys()].map((name) => `${name}.gz`),
        );
        expect(shipped.map(({ key, store: name }) => [key, name])).to.deep.equal(
          objects.map(({ key }) => [key, store.name]),
        );
        for (const [name, bytes] of sealed) {
          const object = await buffer(await store.get(`${name}.gz`));
          expect(gunzipSync(object).equals(bytes)).to.equal(true);
          expect((await gzip(object, '-dc'))?.equals(bytes) ?? true).to.equal(true);
          expect((await gzip(object, '-t'))?.length ?? 0).to.equal(0);
        }
        expect([failed, readdirSync(directory)]).to.deep.equal([[], []]);
      });

      it('ships archives that are larger than a part of an upload', async () => {
        const { writer } = open();
        const payloads = [randomBytes(6 * MIB)];
        await pipeline(Readable.from(payloads), writer);
        const back = await directories.make();
        for (const { key } of await listed(store.list())) {
          await writeFile(join(back, key), await buffer(await store.get(key)));
        }
        const records = await createArchiveReader(back).toArray();
        const isSame = records.map(({ payload }, i) => payload.equals(payloads[i] ?? payload));
        expect(isSame).to.deep.equal([true]);
        expect(readdirSync(directory)).to.deep.equal([]);
      }).timeout(120_000);

      it("keeps local files with localFile 'keep'", async () => {
        const { writer, shipped } = open({ ship: { to: target.to, localFile: 'keep' } });
        await pipeline(Readable.from(['0', '1']), writer);
        expect(shipped).to.have.length(2);
        expect(archivesIn(directory)).to.have.length(2);
      });

      it('moves local files with localFile.moveTo', async () => {
        const there = join(await directories.make(), 'shipped');
        const { writer } = open({ ship: { to: target.to, localFile: { moveTo: there } } });
        await pipeline(Readable.from(['0', '1']), writer);
        expect(readdirSync(directory)).to.deep.equal([]);
        const records = await createArchiveReader(there).toArray();
        expect(records.map((record) => record.text())).to.deep.equal(['0', '1']);
      });

      it('overwrites nothing: if a key is taken, the archive goes to NAME-SHA8.gz', async () => {
        const other = gzipSync('another');
        await store.put('x_000000.events.gz', Readable.from([other]));
        const { writer, shipped } = open({ template: 'x_000000.events' });
        await pipeline(Readable.from(['x']), writer);
        const key = `x_000000-${shipped[0]?.sha256.slice(0, 8)}.events.gz`;
        expect(shipped[0]).to.include({ key });
        expect((await buffer(await store.get('x_000000.events.gz'))).equals(other)).to.equal(true);
        expect((await listed(store.list())).map((object) => object.key)).to.have.members([
          'x_000000.events.gz',
          key,
        ]);
      });

      it('loses nothing if two hosts race for the same keys', async () => {
        const writers = [];
        for (const host of ['a', 'b']) {
          const spool = await directories.make();
          const { leftovers: _, ...ship } = target;
          const { writer, shipped, failed } = createShippingWriter(spool, target.to, { ship });
          writers.push({ payloads: numbered(host, 8), writer, shipped, failed, spool });
        }
        await Promise.all(
          writers.map(({ payloads, writer }) => pipeline(Readable.from(payloads), writer)),
        );
        const back = await directories.make();
        for (const { key } of await listed(store.list())) {
          await writeFile(join(back, key), await buffer(await store.get(key)));
        }
        const records = await createArchiveReader(back).toArray();
        const expected = writers.flatMap(({ payloads }) => payloads);
        expect(records.map((record) => record.text()).sort()).to.deep.equal(expected.sort());
        for (const { failed, shipped, spool } of writers) {
          expect([failed, readdirSync(spool)]).to.deep.equal([[], []]);
          expect(shipped).to.have.length(8);
        }
      }).timeout(120_000);

      it('does not resend an archive that is there, as after a crash before settling', async () => {
        const first = open({ ship: { to: target.to, localFile: 'keep' } });
        await pipeline(Readable.from(['0', '1']), first.writer);
        let puts = 0;
        const counting: Store = {
          name: store.name,
          put: (...args) => {
            puts++;
            return store.put(...args);
          },
          head: (key) => store.head(key),
          get: (key) => store.get(key),
          list: () => store.list(),
          delete: (key) => store.delete(key),
          refusesTaken: async () => (await store.refusesTaken?.()) ?? false,
          close: async () => {},
        };
        for (const [localFile, count] of [
          // The journal of a kept file says that the store has it. Before deleting the file, the
          // writer asks the store again.
          ['keep', 0],
          ['delete', 2],
        ] as const) {
          const next = createShippingWriter(directory, counting, {
            ship: { to: counting, localFile },
          });
          expect(await next.writer.close()).to.deep.equal({ shipped: count, left: [] });
          expect(next.failed).to.deep.equal([]);
        }
        expect([puts, readdirSync(directory)]).to.deep.equal([0, []]);
      });

      it('stores nothing if the file has changed since it was sealed', async () => {
        const { writer } = open({
          handlers: [{ onSealed: ({ path }) => writeFile(path, randomBytes(6 * MIB)) }],
        });
        const error = await rejection(pipeline(Readable.from([randomBytes(6 * MIB)]), writer));
        expect(error).to.have.nested.property('cause.code', 'ERR_ARCHIVE_CHANGED');
        expect(await target.leftovers()).to.deep.equal([]);
        expect((await stat(join(directory, 'x_000000.events'))).size).to.equal(6 * MIB);
      });

      for (const how of ['destroy', 'an aborted signal'] as const) {
        it(`leaves no object and no unfinished upload after ${how} during an upload`, async () => {
          const controller = new AbortController();
          const failure = new Error('no longer wanted');
          let end = () => {};
          const files = withFile((file) => ({
            read(bytes, offset, length, position) {
              // At this position a part is being sent.
              if (position > 5.5 * MIB) end();
              return file.read(bytes, offset, length, position);
            },
          }));
          const { writer } = open({ files, signal: controller.signal });
          end = () => (how === 'destroy' ? writer.destroy(failure) : controller.abort(failure));
          const error = await rejection(pipeline(Readable.from([randomBytes(6 * MIB)]), writer));
          expect(how === 'destroy' ? error : Object(error).cause).to.equal(failure);
          if (!writer.closed) await new Promise<void>((resolve) => writer.once('close', resolve));
          expect(await target.leftovers()).to.deep.equal([]);
          expect(archivesIn(directory)).to.deep.equal(['x_000000.events']);
          // The next writer of the directory ships it.
          const next = open();
          expect(await next.writer.close()).to.deep.equal({ shipped: 1, left: [] });
          expect(await target.leftovers()).to.deep.equal([next.shipped[0]?.key]);
          expect(readdirSync(directory)).to.deep.equal([]);
        }).timeout(120_000);
      }
    });
  }

  it('gives an S3 object its content type, and the digest and size of its archive', async () => {
    const bucket = await server.createBucket();
    const ship = { to: `s3://${bucket}`, s3: s3Options() };
    const { writer, shipped } = createShippingWriter(directory, ship.to, { ship });
    await pipeline(Readable.from(['x']), writer);
    const [{ bytes, key, sha256, storedBytes } = expect.fail('nothing was shipped')] = shipped;
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
    const { ContentEncoding, ContentLength, ContentType, Metadata } =
      await server.client.send(command);
    expect(Metadata).to.deep.equal({ sha256, bytes: String(bytes) });
    expect([ContentType, ContentLength]).to.deep.equal(['application/gzip', storedBytes]);
    expect(ContentEncoding).to.be.oneOf([undefined, '']);
  });

  it('reports a wrong configuration after a few attempts, and keeps all archives', async () => {
    const bucket = await server.createBucket();
    const wrong = { ...server.credentials, accessKeyId: 'NOBODY' };
    const { code: refused } = await server.refusalOf(wrong);
    // An answer to HEAD has no code: the store calls a 403 AccessDenied.
    const refusals = ['AccessDenied', refused];
    const cases: readonly (readonly [url: string, s3: S3StoreOptions, codes: string[]])[] = [
      [`s3://missing-${randomBytes(6).toString('hex')}`, s3Options(), ['NoSuchBucket']],
      [`s3://${bucket}`, { ...s3Options(), credentials: wrong }, refusals],
    ];
    for (const [to, s3, codes] of cases) {
      const ship = { to, s3, endTimeout: '1h' };
      const { writer, clock, failed } = createShippingWriter(directory, to, { ship });
      writer.write('x');
      const ended = new Promise((_, reject) => writer.end().once('error', reject));
      const error = await passTime(clock, rejection(ended));
      expect(error).to.be.instanceOf(ShippingPendingError);
      expect(error).to.have.property('cause').that.is.instanceOf(StoreError);
      expect(error).to.have.nested.property('cause.storeCode').that.is.oneOf(codes);
      expect(error).to.have.nested.property('cause.transient', false);
      expect(failed).to.not.have.length(0);
    }
    expect(archivesIn(directory)).to.have.length(2);
  });

  it("does not close the user's own store", async () => {
    const store = new MemoryStore();
    await pipeline(Readable.from(['x']), createShippingWriter(directory, store).writer);
    expect(store.isClosed).to.equal(false);
    expect(store.objects.size).to.equal(1);
  });

  it('ships into its own directory', async () => {
    const { writer } = createShippingWriter(directory, directory);
    await pipeline(Readable.from(['0', '1']), writer);
    const names = ['x_000000.events.gz', 'x_000001.events.gz'];
    expect(readdirSync(directory)).to.deep.equal(names);
    const next = createShippingWriter(directory, directory, { template: `y${TEMPLATE}` });
    await pipeline(Readable.from(['2']), next.writer);
    expect(readdirSync(directory)).to.deep.equal([...names, 'yx_000000.events.gz']);
  });

  describe('in a separate process', () => {
    /** In real time: a process that lived until its next attempt would outlive the spec. */
    it('does not keep the process alive for retries that no caller waits for', async () => {
      const { code, output } = await run(`
        store.before = () => { throw storeError(false); };
        writer.write('x');
        await once(writer, 'failed');
        console.log('failed');
      `);
      expect([output, code]).to.deep.equal(['failed\n', 0]);
      expect(archivesIn(directory)).to.have.length(1);
    });

    it('keeps the process alive while a caller waits for the store', async () => {
      const { code, output } = await run(`
        store.before = () => { if (store.calls.length === 1) throw storeError(true); };
        writer.end('x');
        await finished(writer);
        console.log(store.objects.size, writer.stats().shipped);
      `);
      expect([output, code]).to.deep.equal(['1 1\n', 0]);
    });

    async function run(script: string): Promise<{ code: number | null; output: string }> {
      const from = (path: string) => JSON.stringify(compiled(new URL(path, import.meta.url)).href);
      const program = `
        import { once } from 'node:events';
        import { finished } from 'node:stream/promises';
        import { createArchiveWriter, rollByCount } from ${from('../../lib/index.ts')};
        import { MemoryStore, storeError } from ${from('../support/memory-store.ts')};
        const store = new MemoryStore();
        const writer = createArchiveWriter({
          directory: ${JSON.stringify(directory)}, roll: rollByCount(1), ship: { to: store },
        });
        ${script}`;
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
      const output = await text(child.stdout);
      return { output, code: await exited };
    }
  });
});

/** Runs bytes through the system's gzip; null if it is not installed. */
async function gzip(bytes: Buffer, option: string): Promise<Buffer | null> {
  const child = spawn('gzip', [option], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(bytes);
  const output = await buffer(child.stdout);
  const code = await ended;
  if (code === null) return null;
  expect(code).to.equal(0);
  return output;
}
