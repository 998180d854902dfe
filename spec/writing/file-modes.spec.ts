import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { moveTo } from '../../lib/writing/handlers/move-to.js';
import { repairArchive } from '../../lib/writing/recovery/repair-archive.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { encodeUnsealed, TemporaryDirectories } from '../support/series.js';
import { systemError, TestDisk } from '../support/test-disk.js';
import { until } from '../support/until.js';

describe('permissions of the files of a RollingWriteStream', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let umask: number;

  beforeEach(async () => {
    directory = await directories.make();
    // It takes no permission away: what files get is what Shoebox asks for.
    umask = process.umask(0);
  });

  afterEach(async () => {
    process.umask(umask);
    await directories.remove();
  });

  /** The permissions of all files and directories below a directory, in octal. */
  async function modesOf(path: string): Promise<Record<string, string>> {
    const modes: Record<string, string> = {};
    for (const name of (await readdir(path, { recursive: true })).sort()) {
      modes[name] = ((await stat(join(path, name))).mode & 0o777).toString(8);
    }
    return modes;
  }

  it("are the owner's alone, of archives and leases while they are open", async () => {
    const writer = new RollingWriteStream({ directory, template: 'a.events' });
    await writer.append('x').synced;
    expect(await modesOf(directory)).to.deep.equal({
      'a.events.open': '600',
      'a.events.open.lock': '600',
    });
    await writer.close();
    expect(await modesOf(directory)).to.deep.equal({ 'a.events': '600' });
  });

  for (const mode of [undefined, 0o640]) {
    const wanted = (mode ?? 0o600).toString(8);

    it(`are 0o${wanted} of journals, part files, objects and moved files`, async () => {
      const spool = join(directory, 'spool');
      await mkdir(spool);
      const seen = new Set<string>();
      const disk = new TestDisk();
      disk.hook = async (call) => {
        if (call === 'unlink' || call === 'rename') {
          for (const value of Object.values(await modesOf(directory))) seen.add(value);
        }
      };
      const writer = createArchiveWriter({
        ...{ directory: spool, template: 'a.events', files: disk.files, mode },
        ship: { to: join(directory, 'to'), localFile: { moveTo: join(directory, 'done', 'here') } },
      });
      writer.append('x');
      await writer.close();
      expect(await modesOf(directory)).to.include({
        done: '700',
        'done/here': '700',
        'done/here/a.events': wanted,
        to: '700',
        'to/a.events.gz': wanted,
      });
      // 777: the directory of the spec itself.
      expect([...seen].sort()).to.deep.equal([wanted, '700', '777'].sort());
    });

    it(`are 0o${wanted} of recovered archives and torn parts`, async () => {
      const archive = encodeUnsealed(['left', 'torn']);
      await writeFile(join(directory, 'a.events.open'), Buffer.concat([archive, Buffer.from('t')]));
      await writeFile(join(directory, 'a.events.open.lock'), '');
      await utimes(join(directory, 'a.events.open.lock'), 0, 0);
      const writer = new RollingWriteStream({ directory, template: 'a.events', mode });
      await writer.close();
      const modes = await modesOf(directory);
      expect(Object.keys(modes)).to.deep.equal(['a.events', `a.events.torn-${archive.length}`]);
      expect(new Set(Object.values(modes))).to.deep.equal(new Set([wanted]));
    });
  }

  it("are the owner's alone of a repaired archive, and of one that a handler moved to a new directory", async () => {
    await writeFile(join(directory, 'a.events'), encodeUnsealed(['x']));
    await repairArchive(join(directory, 'a.events'), join(directory, 'b.events'));
    expect(await modesOf(directory)).to.include({ 'b.events': '600' });
    const handlers = [moveTo(join(directory, 'moved'))];
    const writer = new RollingWriteStream({ directory, template: 'c.events', handlers });
    writer.write('x');
    await writer.close();
    expect(await modesOf(directory)).to.include({ moved: '700', 'moved/c.events': '600' });
  });

  it('are less if the umask says so, and never more', async () => {
    process.umask(0o077);
    const writer = new RollingWriteStream({ directory, template: 'a.events', mode: 0o666 });
    writer.write('x');
    await writer.close();
    expect(await modesOf(directory)).to.deep.equal({ 'a.events': '600' });
  });

  it('are the same of the file that replaces a suspect one', async () => {
    let failures = 1;
    const disk = new TestDisk((call) => {
      if (call === 'datasync' && failures-- > 0) throw systemError('EIO', call);
    });
    const writer = new RollingWriteStream({
      ...{ directory, template: 'a.events', files: disk.files, mode: 0o640 },
    });
    await writer.append('x').synced;
    await writer.close();
    await until(() => disk.openFiles === 0);
    const modes = await modesOf(directory);
    expect(new Set(Object.values(modes))).to.deep.equal(new Set(['640']));
  });

  it("must be a number with the owner's bits", () => {
    for (const mode of [0o400, 0o1777, 0.5]) {
      const create = () => new RollingWriteStream({ directory, mode });
      expect(create, String(mode)).to.throw(RangeError, /^mode is /);
    }
    // A user's JavaScript may pass anything.
    const options = Object.assign({ directory }, JSON.parse('{ "mode": "0640" }'));
    expect(() => new RollingWriteStream(options)).to.throw(TypeError, "mode is '0640'");
  });
});
