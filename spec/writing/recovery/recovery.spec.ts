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
import { encodeVersion1 } from '../../support/encode-archive.js';
import { FakeClock } from '../../support/fake-clock.js';
import { QUICK_PLACE } from '../../support/quick-place.js';
import { encodePart, numbered } from '../../support/series.js';
import { systemError, TestDisk } from '../../support/test-disk.js';
import { outcomeOf, payloadsOf, until } from '../../support/writer-tools.js';

describe('recovery of archives that were left open', () => {
  const template = 'x_[[SEQUENCE]].events';
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(QUICK_PLACE, 'shoebox-recovery-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const put = (name: string, bytes: Uint8Array | string) => writeFile(join(directory, name), bytes);
  const read = (name: string) => readFile(join(directory, name));

  /** Opens a writer in the directory, and closes it, with all that it recovers meanwhile. */
  async function recover(disk = new TestDisk()): Promise<RecoveredArchive[]> {
    const writer = createArchiveWriter({ directory, template, files: disk.files });
    const recovered: RecoveredArchive[] = [];
    writer.on('recovered', (archive) => recovered.push(archive));
    await writer.close();
    expect(disk.openFiles).to.equal(0);
    return recovered;
  }

  /** As `recover`, on a disk that does nothing any more from its call `n` on. */
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
    encodePart(numbered(`p${i}`, 20), { sequence: 20 * i, time: 20 * i }),
  );
  const all = [0, 1, 2].flatMap((i) => numbered(`p${i}`, 20));

  it('seals what a writer left, with an index, and removes the old file', async () => {
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
    for (let size = firstEnd - 3; size < firstEnd + 70; size++) {
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

  it('keeps what is good behind damage, and the damaged block aside', async () => {
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

  it('knows version 1 and JSON lines', async () => {
    await put('x_1.events.open', encodeVersion1(['a', 'b']).subarray(0, -1));
    await put('x_2.events.open', '{"n":1}\n{"n":2}\n{"n":');
    await recover();
    expect(await payloadsOf(directory)).to.deep.equal(['a', '{"n":1}', '{"n":2}']);
  });

  it('removes an empty one, and keeps what is no archive aside', async () => {
    await put('x_1.events.open', '');
    await put('x_2.events.open', 'no archive');
    expect(await recover()).to.deep.equal([]);
    expect(await readdir(directory)).to.deep.equal(['x_2.events.torn-0']);
    expect(await read('x_2.events.torn-0')).to.deep.equal(Buffer.from('no archive'));
  });

  it('leaves alone what a writer set aside after a failed sync', async () => {
    await put('x_1.events.suspect', Buffer.concat(blocks));
    await put('x_2.events.open.suspect', Buffer.concat(blocks));
    const store = join(directory, 'store');
    const writer = createArchiveWriter({ directory, template, ship: { to: store } });
    writer.on('recovered', ({ name }) => expect.fail(name));
    await writer.close();
    expect(await payloadsOf(directory)).to.deep.equal([]);
    expect(await readdir(directory)).to.have.members([
      'x_1.events.suspect',
      'x_2.events.open.suspect',
    ]);
  });

  it('leaves other series and living writers alone', async () => {
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

  it('takes over the lease of who died once it was watched, whatever the process id', async () => {
    await put('x_1.events.open', blocks[0] ?? '');
    await put('x_1.events.open.lock', '');
    await utimes(join(directory, 'x_1.events.open.lock'), 0, 0);
    const clock = new FakeClock();
    const writer = createArchiveWriter({ directory, template, clock });
    const recovered = new Promise((resolve) => writer.once('recovered', resolve));
    // Who ends waits for what is surely left behind.
    const closed = writer.close();
    // Beside that of the end itself.
    await until(() => clock.refTimers > 1);
    expect(await readdir(directory)).to.include('x_1.events.open');
    clock.advance(LEASE_CONFIRM_MS);
    expect(await recovered).to.include({ name: 'x_1.events', records: 20 });
    await closed;
    expect(await readdir(directory)).to.deep.equal(['x_1.events']);
  });

  it('takes no lease from the living, and ends, where a clock was set a day forward', async () => {
    await put('x_1.events.open', blocks[0] ?? '');
    await put('x_1.events.open.lock', '');
    await utimes(join(directory, 'x_1.events.open.lock'), 0, 0);
    const clock = new FakeClock();
    const closed = createArchiveWriter({ directory, template, clock }).close();
    // Beside that of the end itself.
    await until(() => clock.refTimers > 1);
    // Its owner renews it, but the clock that it is compared with stays ahead.
    await utimes(join(directory, 'x_1.events.open.lock'), 1, 1);
    clock.advance(LEASE_CONFIRM_MS);
    await closed;
    expect(await readdir(directory)).to.have.members(['x_1.events.open', 'x_1.events.open.lock']);
  });

  it('takes over a lease whose time is a day ahead, and is not held up by it', async () => {
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

  it('clears away leases without a file', async () => {
    await put('x_1.events.open.lock', '');
    await utimes(join(directory, 'x_1.events.open.lock'), 0, 0);
    await put('x_2.events.open.taken-0123abcd.lock', '');
    const clock = new FakeClock();
    const closed = createArchiveWriter({ directory, template, clock }).close();
    // Beside that of the end itself.
    await until(() => clock.refTimers > 1);
    clock.advance(LEASE_CONFIRM_MS);
    await closed;
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('clears away copies of its own series that were cut off, without a file', async () => {
    await put('x_1.events.0123abcd.recovered', 'half');
    const others = ['y_1.events.0123abcd.recovered', 'x_1.events.recovered'];
    for (const name of others) await put(name, 'half');
    await recover();
    expect((await readdir(directory)).sort()).to.deep.equal([...others].sort());
  });

  it('finishes a seal that a crash cut off between its two names', async () => {
    await put('x_1.events', blocks[0] ?? '');
    const disk = new TestDisk();
    await disk.files.link(join(directory, 'x_1.events'), join(directory, 'x_1.events.open'));
    expect(await recover()).to.deep.equal([]);
    expect(await readdir(directory)).to.deep.equal(['x_1.events']);
  });

  it('ships what it recovered', async () => {
    await put('x_1.events.open', Buffer.concat(blocks));
    const store = join(directory, 'store');
    const writer = createArchiveWriter({ directory, template, ship: { to: store } });
    await writer.close();
    expect(await readdir(directory)).to.deep.equal(['store']);
    expect(await payloadsOf(store)).to.deep.equal(all);
  });

  it('loses nothing when it is cut off at any of its calls, and reads nothing twice', async () => {
    const torn = (blocks[0] ?? Buffer.alloc(0)).subarray(0, 40);
    const bytes = Buffer.concat([...blocks, torn]);
    let calls = 0;
    for (let n = 1, isPassed = false; !isPassed; n++, calls++) {
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

  it('leaves nothing of an archive without a record, wherever it is cut off', async () => {
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

  it('is noticed by a writer that had stalled, which goes on in another archive', async () => {
    const writer = new RollingWriteStream({ directory, template });
    await writer.append('promised').synced;
    const [open = ''] = (await readdir(directory)).filter((name) => name.endsWith('.open'));
    await rename(join(directory, open), join(directory, open.replace('.open', '.stale')));
    await writer.append('late').synced;
    expect(await payloadsOf(directory)).to.deep.equal(['promised', 'late']);
    await writer.close();
  });

  it('recovers what a process that was killed had synced', async () => {
    const script = join(directory, 'child.mts');
    const index = new URL('../../../lib/index.ts', import.meta.url).href;
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
    const child = fork(script, { execArgv: ['--import', 'tsx'] });
    const exit = once(child, 'exit');
    await once(child, 'message');
    child.kill('SIGKILL');
    await exit;
    await rm(script);
    // As if it had been watched.
    await rm(join(directory, 'x_000000.events.open.lock'));
    const [archive] = await recover();
    expect(archive?.records).to.be.at.least(21);
    const payloads = await payloadsOf(directory);
    expect(payloads).to.deep.equal(payloads.map((_, n) => String(n)));
    expect(payloads).to.have.length(archive?.records ?? 0);
  });
});
