import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import {
  createArchiveReader,
  createPartitionedWriter,
  type ManifestOptions,
  type PartitionedWriterOptions,
  verifyArchives,
  type WrittenManifest,
} from '../../../lib/index.js';
import { callShoebox } from '../../support/call-shoebox.js';
import { MemoryStore } from '../../support/memory-store.js';
import { TemporaryDirectories } from '../../support/series.js';

const DAY = 24 * 3_600_000;
const BEGIN = Date.UTC(2026, 10, 28);

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('manifests of a partitioned writer', () => {
  const directories = new TemporaryDirectories();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  let [directory, store] = ['', ''];

  beforeEach(async () => {
    [directory, store] = [await directories.make(), await directories.make()];
  });

  afterEach(() => directories.remove());

  /** Writes records of some days from `BEGIN` on, each in an archive of its own, and closes. */
  async function run(
    days: readonly number[],
    manifests: ManifestOptions = {},
    options: Partial<PartitionedWriterOptions> = {},
  ): Promise<WrittenManifest[]> {
    const writer = createPartitionedWriter({
      ...{ directory, partition: 'dt=%F', ship: { to: store } },
      manifests: { name: 'a', sign: privateKey, ...manifests },
      ...options,
    });
    const written: WrittenManifest[] = [];
    writer.on('manifest', (manifest) => written.push(manifest));
    writer.on('failed', () => {});
    for (const day of days)
      writer.write({ payload: `day ${day}`, time: BEGIN + (day + 0.5) * DAY });
    await writer.close();
    return written;
  }

  async function problems(options: { head?: string; full?: boolean } = {}) {
    const report = await verifyArchives(`${store}/**`, { publicKey, ...options });
    return report.problems.map(({ kind, message }) => `${kind}: ${message}`);
  }

  async function manifest(day: number, number = 1, name = 'a') {
    const path = join(store, `dt=2026-11-${28 + day}`, `manifest-${name}-${number}.json`);
    const bytes = await readFile(path);
    return { path, bytes, json: JSON.parse(bytes.toString()) };
  }

  async function archiveOf(day: number): Promise<string> {
    const folder = join(store, `dt=2026-11-${28 + day}`);
    const [name = ''] = (await readdir(folder)).filter((each) => each.endsWith('.gz'));
    return join(folder, name);
  }

  it('list the objects of each day that is over, in a chain', async () => {
    const written = await run([0, 1, 2], { success: true });
    expect(written.map(({ partition }) => partition)).to.deep.equal([
      'dt=2026-11-28',
      'dt=2026-11-29',
    ]);
    const [first, second] = [await manifest(0), await manifest(1)];
    const object = await readFile(await archiveOf(0));
    expect(first.json).to.deep.equal({
      ...{ version: 1, name: 'a', number: 1, partition: 'dt=2026-11-28', previous: null },
      objects: [
        {
          name: (await archiveOf(0)).split('/').at(-1),
          ...{ bytes: object.length, records: 1 },
          firstTime: '2026-11-28T12:00:00.000Z',
          lastTime: '2026-11-28T12:00:00.000Z',
          sha256: sha256(object),
        },
      ],
    });
    expect(second.json.previous).to.equal(sha256(first.bytes));
    expect(written.at(-1)?.sha256).to.equal(sha256(second.bytes));
    expect(await readFile(join(store, 'dt=2026-11-28/_SUCCESS'), 'utf8')).to.equal('');
    expect(await problems({ head: sha256(second.bytes) })).to.deep.equal([]);
    // A reader takes none of these files for an archive.
    expect(await createArchiveReader(`${store}/**`).toArray()).to.have.length(3);
  });

  it('have signatures that openssl verifies', async function () {
    await run([0, 2]);
    const { path } = await manifest(0);
    const key = join(directory, 'public.pem');
    await writeFile(key, publicKey.export({ type: 'spki', format: 'pem' }));
    expect(await readFile(`${path}.sig`)).to.have.length(64);
    const args = ['pkeyutl', '-verify', '-pubin', '-inkey', key, '-rawin', '-in', path];
    const { error, status, stdout } = spawnSync('openssl', [...args, '-sigfile', `${path}.sig`]);
    if (error !== undefined) {
      console.log('    skipped: needs openssl, which is not installed');
      return this.skip();
    }
    expect([status, String(stdout).trim()]).to.deep.equal([0, 'Signature Verified Successfully']);
  });

  it('list late archives in the next manifest of the partition, also after a restart', async () => {
    await run([0, 2]);
    await run([0, 3]);
    const [first, late] = [await manifest(0), await manifest(0, 2)];
    expect(late.json).to.include({ number: 2 });
    // Day 2 is over, too, and comes before or after it.
    const previous = [sha256(first.bytes), sha256((await manifest(2)).bytes)];
    expect(previous).to.include(late.json.previous);
    expect(await problems()).to.deep.equal([]);
    expect(await readdir(directory)).to.deep.equal(['.manifest-a.chain', 'dt=2026-12-01']);
  });

  it('continue the chain of the store on a new disk', async () => {
    const [head] = await run([0, 2]);
    directory = await directories.make();
    await run([3, 5]);
    const days = await readFile(join(store, 'dt=2026-12-01/manifest-a-1.json'), 'utf8');
    expect(JSON.parse(days).previous).to.equal(head?.sha256);
  });

  it('show deleted, replaced and inserted objects, and moved or deleted manifests', async () => {
    const written = await run([0, 1, 2, 3]);
    const head = written.at(-1)?.sha256 ?? '';
    const [one, two] = [await archiveOf(0), await archiveOf(1)];
    const kept = new Map<string, Buffer>();
    const touch = async (path: string) => kept.set(path, await readFile(path));
    const restore = async () => {
      for (const [path, bytes] of kept) await writeFile(path, bytes);
      kept.clear();
    };
    const find = async (expected: string[], options = {}) => {
      expect((await problems(options)).map((each) => each.split(':')[0])).to.deep.equal(expected);
      await restore();
    };
    await find([], { head });

    await touch(one);
    await rm(one);
    await find(['missing']);

    await touch(one);
    const bytes = Buffer.from(kept.get(one) ?? '');
    // The time in the header of gzip, which no checksum covers.
    bytes.writeUInt8(1, 4);
    await writeFile(one, bytes);
    await find(['altered']);
    await touch(one);
    await writeFile(one, bytes);
    await find([], { full: false });

    const inserted = `${one.slice(0, -10)}x.events.gz`;
    await writeFile(inserted, await readFile(two));
    expect((await problems()).some((each) => each.startsWith('unlisted: '))).to.equal(true);
    await rm(inserted);

    const [first, second] = [await manifest(0), await manifest(1)];
    for (const { path } of [first, second]) for (const p of [path, `${path}.sig`]) await touch(p);
    await writeFile(first.path, second.bytes);
    await writeFile(`${first.path}.sig`, await readFile(`${second.path}.sig`));
    await find(['altered', 'missing', 'unlisted']);

    await touch(first.path);
    await rm(first.path);
    // The archive of its day is listed by none now; its folder has no manifest.
    await find(['missing']);

    const last = await manifest(2);
    for (const path of [last.path, `${last.path}.sig`, await archiveOf(2)]) await touch(path);
    for (const path of kept.keys()) await rm(path);
    expect(await problems()).to.deep.equal([]);
    await find(['missing'], { head });

    for (const forge of [Buffer.from('{}'), Buffer.alloc(64), sign(null, bytes, privateKey)]) {
      await touch(`${first.path}.sig`);
      await writeFile(`${first.path}.sig`, forge);
      const [fault] = await problems();
      expect(fault).to.contain('has a signature that is not of this key and these bytes');
      await restore();
    }
    await find([], { head });
  });

  it('continue the chain after a crash amid a manifest, which is put again unchanged', async () => {
    const memory = new MemoryStore();
    const ship = { to: memory };
    let text = '';
    for (const failing of ['manifest-a-1.json', 'manifest-a-1.json.sig']) {
      memory.before = (operation, key) => {
        if (operation === 'put' && key.endsWith(failing)) throw new Error('no power');
      };
      expect(await run([0, 2], {}, { ship })).to.deep.equal([]);
      const { intent } = JSON.parse(await readFile(join(directory, '.manifest-a.chain'), 'utf8'));
      text ||= intent.text;
      expect(intent.text).to.equal(text);
    }
    memory.before = () => {};
    await run([4], {}, { ship });
    const jsonOf = (name: string) => memory.objects.get(`dt=2026-11-28/${name}`)?.bytes.toString();
    expect(jsonOf('manifest-a-1.json')).to.equal(text);
    // The next manifest lists the objects that were shipped after it.
    expect(JSON.parse(jsonOf('manifest-a-2.json') ?? '').objects).to.have.length(1);
    const stored = { store: memory, pattern: '**' };
    expect((await verifyArchives(stored, { publicKey })).problems).to.deep.equal([]);
  });

  it('of several archivers stand side by side, and one name is not used twice', async () => {
    const [other] = [await directories.make()];
    await run([0, 2]);
    await run([0, 2], { name: 'b' }, { directory: other });
    expect((await manifest(0, 1, 'b')).json.previous).to.equal(null);
    expect(await problems()).to.deep.equal([]);
    await rename((await manifest(0)).path, join(store, 'dt=2026-11-28/manifest-a-9.json'));
    const third = await directories.make();
    expect(await run([0, 2], { name: 'a' }, { directory: third })).to.have.length(1);
    expect(await problems()).to.not.deep.equal([]);
  });

  it('are verified by shoebox verify --key', async () => {
    const [head] = await run([0, 2]);
    const key = join(directory, 'public.pem');
    await writeFile(key, publicKey.export({ type: 'spki', format: 'pem' }));
    const verify = (...args: string[]) => callShoebox(['verify', `${store}/**`, ...args], {});
    expect((await verify('--key', key, '--head', head?.sha256 ?? '')).code).to.equal(0);
    const missing = await verify('--key', key, '--head', '0'.repeat(64));
    expect(missing.code).to.equal(1);
    expect(missing.stdout).to.contain('the newest manifest, with SHA-256 0000');
    expect((await verify('--head', '0'.repeat(64))).code).to.equal(2);
    expect((await verify('--key', (await manifest(0)).path)).code).to.equal(2);
  });

  it('are refused where they make no sense', () => {
    const create = (manifests: ManifestOptions, options: Partial<PartitionedWriterOptions> = {}) =>
      createPartitionedWriter({
        ...{ directory, partition: 'dt=%F', ship: { to: store }, manifests },
        ...options,
      });
    expect(() => create({}, { ship: undefined })).to.throw(TypeError, 'manifests goes with ship');
    expect(() => create({}, { partition: 't=[[metadata.t]]' })).to.throw(
      TypeError,
      'by day or hour',
    );
    expect(() => create({}, { partition: 'm=%Y-%m' })).to.throw(TypeError, 'by day or hour');
    expect(() => create({ name: 'a/b' })).to.throw(RangeError, 'manifests.name is "a/b"');
    expect(() => create({ sign: publicKey })).to.throw(TypeError, 'a public key of ed25519');
    const wrong = verifyArchives(`${store}/**`, { head: '0'.repeat(64) });
    return wrong.then(
      () => expect.fail('was not refused'),
      (error) => expect(error).to.be.an.instanceOf(TypeError),
    );
  });
});
