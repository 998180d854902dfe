import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import { verifyArchive } from '../../../lib/reading/verifying/verify-archive.js';
import { createArchiveWriter } from '../../../lib/shipping/create-archive-writer.js';
import { LEASE_CONFIRM_MS, LEASE_STALE_MS } from '../../../lib/writing/recovery/lease-takeover.js';
import type { RecoveredArchive } from '../../../lib/writing/recovery/recover-archive.js';
import { RollingWriteStream } from '../../../lib/writing/rolling-write-stream.js';
import { takeLease } from '../../../lib/writing/sink/archive-lease.js';
import { compiled } from '../../support/compiled.js';
import { encodeVersion1 } from '../../support/encode-archive.js';
import { FakeClock } from '../../support/fake-clock.js';
import { QUICK_PLACE } from '../../support/quick-place.js';
import { everyNth } from '../../support/sampled.js';
import { type ScratchDirectory, withScratch } from '../../support/scratch-directory.js';
import { encodeUnsealed, numbered } from '../../support/series.js';
import { systemError, TestDisk } from '../../support/test-disk.js';
import { until } from '../../support/until.js';
import { outcomeOf, payloadsOf } from '../../support/writer-tools.js';

describe('DirectoryRecovery', () => {
  const template = 'x_[[SEQUENCE]].events';
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(QUICK_PLACE, 'shoebox-recovery-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const put = (name: string, bytes: Uint8Array | string) => writeFile(join(directory, name), bytes);
  const read = (name: string) => readFile(join(directory, name));

  /**
   * Opens a writer in the directory and closes it. Returns the archives that it recovers meanwhile.
   */
  async function recover(disk = new TestDisk()): Promise<RecoveredArchive[]> {
    const writer = createArchiveWriter({ directory, template, files: disk.files });
    const recovered: RecoveredArchive[] = [];
    writer.on('recovered', (archive) => recovered.push(archive));
    await writer.close();
    expect(disk.openFiles).to.equal(0);
    return recovered;
  }

  /** As `recover`, on a disk whose calls fail from call `n` on. */
  async function recoverUntil(n: number): Promise<TestDisk> {
    const disk = new TestDisk((_call, _path, at) => {
      if (at >= n) throw systemError('EIO', 'call');
    });
    const { files } = disk;
    const writer = new RollingWriteStream({ directory, template, files, endTimeout: 0 });
    const outcome = outcomeOf(writer);
    writer.end();
    await outcome;
    return disk;
  }

  const blocks = [0, 1, 2].map((i) =>
    encodeUnsealed(numbered(`p${i}`, 20), { sequence: 20 * i, time: 20 * i }),
  );
  const all = [0, 1, 2].flatMap((i) => numbered(`p${i}`, 20));

  it('seals an archive that was left open, with an index, and removes the old file', async () => {
    await put('x_000007.events.open', Buffer.concat(blocks));
    const [archive, ...others] = await recover();
    expect(others).to.deep.equal([]);
    expect(archive).to.include({ name: 'x_000007.events', records: 60 });
    expect(await readdir(directory)).to.deep.equal(['x_000007.events']);
    expect(await payloadsOf(directory)).to.deep.equal(all);
    const report = await verifyArchive(join(directory, 'x_000007.events'));
    expect(report).to.include({ index: 'valid', isIntact: true, records: 60 });
  });

  it('keeps the torn tail aside, wherever the archive was cut off', async () => {
    const bytes = Buffer.concat(blocks);
    const firstEnd = blocks[0]?.length ?? 0;
    // The spec of `recoverArchive` has every cut.
    for (let size = firstEnd - 3; size < firstEnd + 70; size += size < firstEnd + 3 ? 1 : 11) {
      await put('x_1.events.open', bytes.subarray(0, size));
      await recover();
      const whole = size >= firstEnd ? firstEnd : 0;
      expect(await payloadsOf(directory)).to.deep.equal(whole > 0 ? all.slice(0, 20) : []);
      const torn = (await readdir(directory)).filter((name) => name.includes('.torn-'));
      expect(torn).to.deep.equal(size > whole ? [`x_1.events.torn-${whole}`] : []);
      if (torn[0] !== undefined) {
        expect(await read(torn[0])).to.deep.equal(bytes.subarray(whole, size));
      }
      for (const name of await readdir(directory)) await rm(join(directory, name));
    }
  });

  it('keeps the valid blocks after damage, and sets the damaged block aside', async () => {
    const bytes = Buffer.concat(blocks);
    const [begin, end] = [blocks[0]?.length ?? 0, (blocks[0]?.length ?? 0) * 2];
    bytes.fill(0, begin, end);
    await put('x_1.events.open', bytes);
    const [archive] = await recover();
    expect(archive?.damage.map((damage) => [damage.begin, damage.end])).to.deep.equal([
      [begin, end],
    ]);
    expect(await payloadsOf(directory)).to.deep.equal([...all.slice(0, 20), ...all.slice(40)]);
    expect(await read(`x_1.events.torn-${begin}`)).to.deep.equal(Buffer.alloc(end - begin));
  });

  it('recovers version 1 and JSON lines', async () => {
    await put('x_1.events.open', encodeVersion1(['a', 'b']).subarray(0, -1));
    await put('x_2.events.open', '{"n":1}\n{"n":2}\n{"n":');
    await recover();
    expect(await payloadsOf(directory)).to.deep.equal(['a', '{"n":1}', '{"n":2}']);
  });

  it('removes an empty file, and sets aside a file that is not an archive', async () => {
    await put('x_1.events.open', '');
    await put('x_2.events.open', 'no archive');
    expect(await recover()).to.deep.equal([]);
    expect(await readdir(directory)).to.deep.equal(['x_2.events.torn-0']);
    expect(await read('x_2.events.torn-0')).to.deep.equal(Buffer.from('no archive'));
  });

  it('leaves alone the files that a writer set aside after a failed sync', async () => {
    await put('x_1.events.suspect', Buffer.concat(blocks));
    await put('x_2.events.open.suspect', Buffer.concat(blocks));
    const store = join(directory, 'store');
    const writer = createArchiveWriter({ directory, template, ship: { to: store } });
    const recovered: string[] = [];
    writer.on('recovered', ({ name }) => recovered.push(name));
    await writer.close();
    expect(recovered).to.deep.equal([]);
    expect(await payloadsOf(directory)).to.deep.equal([]);
    expect(await readdir(directory)).to.have.members([
      'x_1.events.suspect',
      'x_2.events.open.suspect',
    ]);
  });

  it('leaves alone other series and the archives of living writers', async () => {
    await put('y_1.events.open', blocks[0] ?? '');
    await put('x_1.events.open', blocks[0] ?? '');
    const lease = await takeLease(join(directory, 'x_1.events.open'), nodeFileLayer);
    expect(await recover()).to.deep.equal([]);
    expect((await readdir(directory)).sort()).to.deep.equal([
      'x_1.events.open',
      'x_1.events.open.lock',
      'y_1.events.open',
    ]);
    await lease?.release();
  });

  it('looks again when a lease may have run out', async () => {
    await put('x_1.events.open', blocks[0] ?? '');
    const path = join(directory, 'x_1.events.open');
    const lease = await takeLease(path, nodeFileLayer);
    const clock = new FakeClock();
    const writer = createArchiveWriter({ directory, template, clock });
    const recovered = new Promise((resolve) => writer.once('recovered', resolve));
    await until(() => clock.pendingTimers > 0);
    expect(clock.refTimers).to.equal(0);
    await lease?.release();
    clock.advance(10_000);
    expect(await recovered).to.include({ name: 'x_1.events', records: 20 });
    await writer.close();
  });

  it('takes over the lease of a dead owner after watching it', async () => {
    await put('x_1.events.open', blocks[0] ?? '');
    await put('x_1.events.open.lock', '');
    await utimes(join(directory, 'x_1.events.open.lock'), 0, 0);
    const clock = new FakeClock();
    const writer = createArchiveWriter({ directory, template, clock });
    const recovered = new Promise((resolve) => writer.once('recovered', resolve));
    // The end waits for archives whose lease looks stale.
    const closed = writer.close();
    // One timer is that of the end itself.
    await until(() => clock.refTimers > 1);
    expect(await readdir(directory)).to.include('x_1.events.open');
    clock.advance(LEASE_CONFIRM_MS);
    expect(await recovered).to.include({ name: 'x_1.events', records: 20 });
    await closed;
    expect(await readdir(directory)).to.deep.equal(['x_1.events']);
  });

  it('takes no lease from a living owner, and ends, if a clock was set a day forward', async () => {
    await put('x_1.events.open', blocks[0] ?? '');
    await put('x_1.events.open.lock', '');
    await utimes(join(directory, 'x_1.events.open.lock'), 0, 0);
    const clock = new FakeClock();
    const closed = createArchiveWriter({ directory, template, clock }).close();
    // One timer is that of the end itself.
    await until(() => clock.refTimers > 1);
    // Its owner renews it, but our clock stays ahead.
    await utimes(join(directory, 'x_1.events.open.lock'), 1, 1);
    clock.advance(LEASE_CONFIRM_MS);
    await closed;
    expect(await readdir(directory)).to.have.members(['x_1.events.open', 'x_1.events.open.lock']);
  });

  it('takes over a lease whose time is a day ahead, without waiting for that day', async () => {
    await put('x_1.events.open', blocks[0] ?? '');
    await put('x_1.events.open.lock', '');
    const tomorrow = Date.now() / 1000 + 86_400;
    await utimes(join(directory, 'x_1.events.open.lock'), tomorrow, tomorrow);
    const clock = new FakeClock();
    const writer = createArchiveWriter({ directory, template, clock });
    const recovered = new Promise((resolve) => writer.once('recovered', resolve));
    await until(() => clock.pendingTimers > 0);
    clock.advance(LEASE_STALE_MS);
    expect(await recovered).to.include({ name: 'x_1.events', records: 20 });
    await writer.close();
  });

  it('removes leases without an archive', async () => {
    await put('x_1.events.open.lock', '');
    await utimes(join(directory, 'x_1.events.open.lock'), 0, 0);
    await put('x_2.events.open.taken-0123abcd.lock', '');
    const clock = new FakeClock();
    const closed = createArchiveWriter({ directory, template, clock }).close();
    // One timer is that of the end itself.
    await until(() => clock.refTimers > 1);
    clock.advance(LEASE_CONFIRM_MS);
    await closed;
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('removes incomplete copies of its own series without an archive', async () => {
    await put('x_1.events.0123abcd.recovered', 'half');
    const others = ['y_1.events.0123abcd.recovered', 'x_1.events.recovered'];
    for (const name of others) await put(name, 'half');
    await recover();
    expect((await readdir(directory)).sort()).to.deep.equal([...others].sort());
  });

  it('finishes a seal if a crash left the file with both names', async () => {
    await put('x_1.events', blocks[0] ?? '');
    const disk = new TestDisk();
    await disk.files.link(join(directory, 'x_1.events'), join(directory, 'x_1.events.open'));
    expect(await recover()).to.deep.equal([]);
    expect(await readdir(directory)).to.deep.equal(['x_1.events']);
  });

  it('ships the recovered archives', async () => {
    await put('x_1.events.open', Buffer.concat(blocks));
    const store = join(directory, 'store');
    const writer = createArchiveWriter({ directory, template, ship: { to: store } });
    await writer.close();
    expect(await readdir(directory)).to.deep.equal(['store']);
    expect(await payloadsOf(store)).to.deep.equal(all);
  });

  it('loses no record and repeats none if it is interrupted at any call', async () => {
    const torn = (blocks[0] ?? Buffer.alloc(0)).subarray(0, 40);
    const bytes = Buffer.concat([...blocks, torn]);
    let calls = 0;
    for (let n = 1, isPassed = false; !isPassed; n += everyNth(4)) {
      calls = n;
      await put('x_1.events.open', bytes);
      const disk = await recoverUntil(n);
      isPassed = disk.calls.length < n;
      expect(disk.openFiles, `call ${n}`).to.equal(0);
      expect(await payloadsOf(directory), `call ${n}, read at once`).to.deep.equal(all);
      await recover();
      expect(await payloadsOf(directory), `call ${n}`).to.deep.equal(all);
      const left = (await readdir(directory)).sort();
      expect(left, `call ${n}`).to.deep.equal([
        'x_1.events',
        `x_1.events.torn-${bytes.length - 40}`,
      ]);
      for (const name of left) await rm(join(directory, name));
    }
    expect(calls).to.be.greaterThan(30);
  });

  it('leaves no file of an archive without records, interrupted at any call', async () => {
    let calls = 0;
    for (let n = 1, isPassed = false; !isPassed; n++, calls++) {
      await put('x_1.events.open', '');
      const disk = await recoverUntil(n);
      isPassed = disk.calls.length < n;
      await recover();
      expect(await readdir(directory), `call ${n}`).to.deep.equal([]);
    }
    expect(calls).to.be.greaterThan(10);
  });

  it('is noticed by a writer that had stalled, which continues in another archive', async () => {
    const writer = new RollingWriteStream({ directory, template });
    await writer.append('promised').synced;
    const [open = ''] = (await readdir(directory)).filter((name) => name.endsWith('.open'));
    await rename(join(directory, open), join(directory, open.replace('.open', '.stale')));
    await writer.append('late').synced;
    expect(await payloadsOf(directory)).to.deep.equal(['promised', 'late']);
    await writer.close();
  });

  it('recovers the records that a killed process had synced', async () => {
    const script = join(directory, 'child.mjs');
    const index = compiled(new URL('../../../lib/index.ts', import.meta.url)).href;
    await writeFile(
      script,
      `import { createArchiveWriter } from ${JSON.stringify(index)};
      const writer = createArchiveWriter({
        directory: ${JSON.stringify(directory)}, template: ${JSON.stringify(template)},
      });
      for (let n = 0; ; n++) {
        await writer.append(String(n)).synced;
        if (n === 20) process.send('enough');
      }`,
    );
    const child = fork(script, { execArgv: [] });
    const exit = once(child, 'exit');
    await once(child, 'message');
    child.kill('SIGKILL');
    await exit;
    await rm(script);
    // As if the lease had been watched.
    await rm(join(directory, 'x_000000.events.open.lock'));
    const [archive] = await recover();
    expect(archive?.records).to.be.at.least(21);
    const payloads = await payloadsOf(directory);
    expect(payloads).to.deep.equal(payloads.map((_, n) => String(n)));
    expect(payloads).to.have.length(archive?.records ?? 0);
  });
});

const TEMPLATE = 'x_[[SEQUENCE]].events';

/** Starts a process that writes numbers, each synced before the next, and kills it midway. */
async function writeAndKill(scratch: ScratchDirectory, format: string): Promise<number> {
  const index = compiled(new URL('../../../lib/index.ts', import.meta.url)).href;
  const options = { directory: scratch.path, template: TEMPLATE, format };
  const script = await scratch.put(
    'child.mjs',
    Buffer.from(`
      import { createArchiveWriter } from ${JSON.stringify(index)};
      const writer = createArchiveWriter(${JSON.stringify(options)});
      for (let n = 0; ; n++) {
        await writer.append(String(n)).synced;
        process.send(n);
      }
    `),
  );
  const child = fork(script, { execArgv: [] });
  let synced = -1;
  const isEnough = new Promise<void>((resolve) => {
    child.on('message', (n) => {
      synced = Number(n);
      if (synced >= 25) resolve();
    });
  });
  const exit = once(child, 'exit');
  await isEnough;
  child.kill('SIGKILL');
  await exit;
  await rm(script);
  for (const name of await scratch.list()) {
    // As if the lease had been watched.
    if (name.endsWith('.lock')) await rm(join(scratch.path, name));
  }
  return synced + 1;
}

/** Opens a writer, which recovers the archives left open, and closes it. */
async function recover(directory: string): Promise<unknown[]> {
  const failed: unknown[] = [];
  const writer = new RollingWriteStream({ directory, template: TEMPLATE });
  writer.on('failed', (failure) => failed.push(failure));
  await writer.close();
  return failed;
}

describe('DirectoryRecovery, of killed processes', () => {
  for (const format of ['v2', 'v1', 'jsonl']) {
    it(`keeps once each record that a killed process had synced, as ${format}`, async () => {
      await withScratch(async (scratch) => {
        const synced = await writeAndKill(scratch, format);
        expect(await recover(scratch.path)).to.deep.equal([]);
        const payloads = await payloadsOf(scratch.path);
        expect(payloads.length).to.be.at.least(synced);
        expect(payloads).to.deep.equal(payloads.map((_, n) => String(n)));
        const names = await readdir(scratch.path);
        expect(names.filter((name) => !name.includes('.torn-'))).to.deep.equal(['x_000000.events']);
      });
    });
  }

  it('recovers each archive once if several writers start at the same time', async () => {
    await withScratch(async (scratch) => {
      const payloads = [0, 1, 2, 3].map((n) => numbered(`p${n}`, 20));
      for (const [n, part] of payloads.entries()) {
        const bytes = encodeUnsealed(part, { sequence: 20 * n, time: 20 * n });
        await scratch.put(`x_${n}.events.open`, Buffer.concat([bytes, Buffer.from('torn')]));
      }
      await Promise.all([recover(scratch.path), recover(scratch.path), recover(scratch.path)]);
      await recover(scratch.path);
      expect(await payloadsOf(scratch.path)).to.deep.equal(payloads.flat());
      const names = await scratch.list();
      expect(names.filter((name) => !name.includes('.torn-'))).to.deep.equal(
        [0, 1, 2, 3].map((n) => `x_${n}.events`),
      );
      expect(names).to.have.length(8);
    });
  });
});
