import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { TemplateError } from '../../lib/errors/template-error.js';
import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import type { RollingWriteOptions } from '../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { takeLease } from '../../lib/writing/sink/archive-lease.js';
import { FakeClock } from '../support/fake-clock.js';
import { systemError, TestDisk } from '../support/test-disk.js';
import { until } from '../support/until.js';
import {
  numbers,
  outcomeOf,
  payloadsOf,
  readWhole,
  sha256Of,
  wholeArchives,
} from '../support/writer-tools.js';

describe('names of archives of a RollingWriteStream', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-names-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = (options: Partial<RollingWriteOptions> = {}) =>
    new RollingWriteStream({ directory, ...options });

  it('hold the time when the archive opens, and the tokens known then', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 30, 5, 7));
    const template = '%Y-%m-%d %H:%M:%S.%f [[SEQUENCE]] [[PID]] [[WRITER]] [[HOST]].events';
    const writer = create({ clock, template });
    writer.write('a');
    clock.advance(500);
    await writer.roll();
    writer.write('b');
    await writer.close();
    const rest = `${process.pid}_${writer.writer}_${hostname().replace(/[^A-Za-z0-9._-]/g, '_')}`;
    expect((await readdir(directory)).sort()).to.deep.equal([
      `2026-11-24_12_30_05.007000_000000_${rest}.events`,
      `2026-11-24_12_30_05.507000_000001_${rest}.events`,
    ]);
  });

  it('hold CRC, COUNT and record times once the archive is sealed', async () => {
    const disk = new TestDisk();
    const clock = new FakeClock();
    const template = '[[COUNT]]_[[FIRST_TIME]]_[[LAST_TIME]]_[[CRC]].events';
    const writer = create({ clock, template, files: disk.files });
    writer.write({ payload: 'a', time: 1500 });
    writer.write({ payload: 'b', timeMicros: 250 });
    clock.advance(1000);
    await until(() => disk.writtenBytes > 0);
    expect(await readdir(directory)).to.deep.equal([`${template}.open`, `${template}.open.lock`]);
    expect(await payloadsOf(writer.pattern)).to.deep.equal(['a', 'b']);
    await writer.close();
    const [name = ''] = await readdir(directory);
    const digest = sha256Of(await readFile(join(directory, name)));
    const times = '1970-01-01T00-00-00.000250Z_1970-01-01T00-00-01.500000Z';
    expect(name).to.equal(`2_${times}_${digest}.events`);
    expect(await payloadsOf(writer.pattern)).to.deep.equal(['a', 'b']);
  });

  it('get -1, -2 before the extension if they are taken', async () => {
    await pipeline(numbers(3), create({ template: 'a.events', roll: rollByCount(1) }));
    const archives = await wholeArchives(directory);
    expect(archives.map(({ name }) => name)).to.deep.equal([
      'a.events',
      'a-1.events',
      'a-2.events',
    ]);
  });

  it('never replace an archive, an open archive or a directory', async () => {
    await writeFile(join(directory, 'a.events'), 'theirs');
    await writeFile(join(directory, 'a-1.events.open'), 'theirs');
    const lease = await takeLease(join(directory, 'a-1.events.open'), nodeFileLayer);
    await mkdir(join(directory, 'a-2.events'));
    await pipeline(['x'], create({ template: 'a.events' }));
    await lease?.release();
    const names = ['a-1.events.open', 'a-2.events', 'a-3.events', 'a.events'];
    expect((await readdir(directory)).sort()).to.deep.equal(names);
    expect(await readFile(join(directory, 'a.events'), 'utf8')).to.equal('theirs');
    expect(await readFile(join(directory, 'a-1.events.open'), 'utf8')).to.equal('theirs');
  });

  it('may be shared by two writers of a directory, which overwrite nothing', async () => {
    const options = { template: 'a.events', roll: rollByCount(7) };
    const [first, second] = [create(options), create(options)];
    const letters = numbers(100).map((payload) => `x${payload}`);
    await Promise.all([pipeline(numbers(100), first), pipeline(letters, second)]);
    const names = await readdir(directory);
    expect(names).to.have.length(30);
    const archives = await Promise.all(names.map((name) => readWhole(directory, name)));
    for (const [writer, payloads] of [
      [first.writer, numbers(100)],
      [second.writer, letters],
    ] as const) {
      const own = archives.filter((archive) => archive.writer === writer);
      own.sort((a, b) => (a.index.ordinal ?? 0) - (b.index.ordinal ?? 0));
      expect(own.flatMap((archive) => archive.payloads)).to.deep.equal(payloads);
    }
    expect(await payloadsOf(first.pattern)).to.have.members([...numbers(100), ...letters]);
  });

  it('are left to a file that gets them while the archive is open', async () => {
    const disk = new TestDisk(async (call, path) => {
      if (call === 'sync') await writeFile(path.replace('.open', ''), 'theirs');
    });
    await pipeline(['x'], create({ template: 'a.events', files: disk.files }));
    expect(await readFile(join(directory, 'a.events'), 'utf8')).to.equal('theirs');
    expect(await readWhole(directory, 'a-1.events')).to.have.property('name', 'a-1.events');
    expect(await readdir(directory)).to.have.length(2);
  });

  for (const code of ['EPERM', 'ENOTSUP', 'ENOSYS']) {
    it(`are given by rename if there are no hard links (${code})`, async () => {
      const disk = new TestDisk((call) => {
        if (call === 'link') throw systemError(code, 'link');
      });
      const options = { template: 'a.events', roll: rollByCount(2), files: disk.files };
      await Promise.all([pipeline(numbers(4), create(options)), pipeline('xy', create(options))]);
      const names = await readdir(directory);
      expect(names).to.have.length(3);
      for (const name of names) await readWhole(directory, name);
      expect(await payloadsOf(directory)).to.have.members([...numbers(4), 'x', 'y']);
      expect(disk.openFiles).to.equal(0);
    });
  }

  it('are two after a crash amid sealing, and the archive is read once', async () => {
    const disk = new TestDisk((call) => {
      if (call === 'unlink') throw systemError('EINVAL', 'unlink');
    });
    const writer = create({ template: 'a.events', files: disk.files });
    const outcome = outcomeOf(writer);
    writer.end('x');
    expect(await outcome).to.have.property('code', 'EINVAL');
    expect((await readdir(directory)).sort()).to.deep.equal(['a.events', 'a.events.open']);
    await readWhole(directory, 'a.events');
    expect(await payloadsOf(writer.pattern)).to.deep.equal(['x']);
    expect(await payloadsOf(directory)).to.deep.equal(['x']);
  });

  it('are synced: file and directory before the final name, the directory before the open name goes and after', async () => {
    const disk = new TestDisk();
    await pipeline(['x'], create({ files: disk.files }));
    // Without the checks that no other program has changed or moved the file.
    const calls = disk.calls.filter(
      (call) => call !== 'stat' && call !== 'lstat' && call !== 'read',
    );
    expect(calls).to.deep.equal([
      // The archives left by earlier writers, and the file.
      ...['readdir', 'open', 'write', 'write', 'sync'],
      // Synced under its open name: receipts may settle before the archive has its final name.
      'syncDirectory',
      ...['link', 'syncDirectory', 'unlink', 'syncDirectory', 'close'],
    ]);
  });

  it('are refused at once if they lead out of the directory, or are empty', () => {
    for (const template of ['', '../a', '/a', '[[WHAT]]', 'a.open', `%Y${'x'.repeat(180)}`, '%Q']) {
      expect(() => create({ template }), template).to.throw(TemplateError, /^template "/);
    }
  });
});
