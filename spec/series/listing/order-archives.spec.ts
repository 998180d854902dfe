import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { orderArchives } from '../../../lib/series/listing/order-archives.js';
import { LocalArchive } from '../../../lib/series/opening/local-archive.js';
import { CountingFiles } from '../../support/counting-files.js';
import { encodeJsonLines, encodeVersion1 } from '../../support/encode-archive.js';
import { forgeBody, forgeFrame, forgeRecord } from '../../support/forge-frame.js';
import { networkFiles } from '../../support/network-files.js';
import { encodeUnsealed, TemporaryDirectories } from '../../support/series.js';

describe('orderArchives', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  /** Paths in the order in which they are read. Passes the archives in the reverse order. */
  async function order(contents: Readonly<Record<string, Buffer>>): Promise<string[]> {
    const root = await directories.make();
    const archives = new Set<string>();
    for (const [name, content] of Object.entries(contents)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), content);
      archives.add(join(root, name.replace(/\.(gz|open)$/, '')));
    }
    const { layer } = new CountingFiles();
    const found = [...archives].reverse().map((path) => new LocalArchive(path, layer));
    const paths: string[] = [];
    for await (const { archive } of orderArchives(found, 'name')) {
      paths.push(archive.path.slice(root.length + 1));
    }
    return paths;
  }

  it('reads a begun archive before those that were listed after it got its records', async () => {
    const root = await directories.make();
    const { layer } = new CountingFiles();
    const archiveOf = (name: string) => new LocalArchive(join(root, name), layer);
    const write = (name: string, sequence: number) =>
      writeFile(join(root, name), encodeUnsealed([`${sequence}`], { sequence }));
    await write('x_0.events', 0);
    await writeFile(join(root, 'x_1.events.open'), '');
    const found = ['x_0.events', 'x_1.events', 'x_2.events'].map(archiveOf);
    const later: LocalArchive[] = [archiveOf('x_2-1.events')];
    const takeNew = async () => {
      await write('x_1.events.open', 1);
      await write('x_2-1.events', 2);
      return later.splice(0);
    };
    const names: string[] = [];
    for await (const { archive } of orderArchives(found, 'time', takeNew)) {
      names.push(basename(archive.path));
    }
    expect(names).to.deep.equal(['x_0.events', 'x_1.events', 'x_2-1.events']);
  });

  for (const inodes of ['one for all', 'zero', 'changing'] as const) {
    it(`takes all archives that are listed later, with inode numbers: ${inodes}`, async () => {
      const root = await directories.make();
      const files = networkFiles({ inodes });
      const archiveOf = async (name: string) => {
        await writeFile(join(root, name), encodeJsonLines([`"${name}"`]));
        return new LocalArchive(join(root, name), files);
      };
      const found = [await archiveOf('x_0.jsonl'), await archiveOf('x_1.jsonl')];
      const gone = new LocalArchive(join(root, 'x_2.jsonl'), files);
      const later = [await archiveOf('x_2-1.jsonl'), await archiveOf('x_3.jsonl')];
      const takeNew = async () => later.splice(0);
      const names: string[] = [];
      for await (const { archive } of orderArchives([...found, gone], 'time', takeNew)) {
        names.push(basename(archive.path));
      }
      expect(names).to.deep.equal(['x_0.jsonl', 'x_1.jsonl', 'x_2-1.jsonl', 'x_3.jsonl']);
    });
  }

  it('orders the archives of one writer by sequence, whatever their names and times', async () => {
    const ordered = await order({
      'z.events': encodeUnsealed(['0', '1'], { time: 900 }),
      'c.events.gz': gzipSync(encodeUnsealed(['2'], { sequence: 2, time: 500 })),
      'm.events.open': encodeUnsealed(['3'], { sequence: 3, time: 100 }),
      'a.events': encodeUnsealed(['10'], { sequence: 10, time: 0 }),
    });
    expect(ordered).to.deep.equal(['z.events', 'c.events', 'm.events', 'a.events']);
  });

  it('merges writers by the earliest time of their next archives', async () => {
    const ordered = await order({
      'a-1': encodeUnsealed(['x'], { writer: 'a', time: 10 }),
      'a-2': encodeUnsealed(['x'], { writer: 'a', sequence: 1, time: 40 }),
      'b-1': encodeUnsealed(['x'], { writer: 'b', time: 20 }),
      // The clock was set back: b-2 still follows b-1, and immediately.
      'b-2': encodeUnsealed(['x'], { writer: 'b', sequence: 1, time: 5 }),
      'b-3': encodeUnsealed(['x'], { writer: 'b', sequence: 2, time: 50 }),
      'c-1': encodeUnsealed(['x'], { writer: 'c', time: 30 }),
    });
    expect(ordered).to.deep.equal(['a-1', 'b-1', 'b-2', 'c-1', 'a-2', 'b-3']);
  });

  it('goes by names before paths, whatever the directories', async () => {
    const ordered = await order({
      'z-shipped/x_0.jsonl': encodeJsonLines(['0']),
      'z-shipped/x_1.events': encodeVersion1(['1']),
      'a-spool/x_2.jsonl': encodeJsonLines(['2']),
      'a-spool/x_10.jsonl': encodeJsonLines(['10']),
      'b-spool/x_2.jsonl': encodeJsonLines(['22']),
      'a-spool/damaged_3.events': Buffer.from('no archive'),
    });
    expect(ordered).to.deep.equal([
      'a-spool/damaged_3.events',
      'z-shipped/x_0.jsonl',
      'z-shipped/x_1.events',
      'a-spool/x_2.jsonl',
      'b-spool/x_2.jsonl',
      'a-spool/x_10.jsonl',
    ]);
  });

  it('puts version 1 and JSON lines first, in the natural order of their names', async () => {
    const ordered = await order({
      'a.events': encodeUnsealed(['x']),
      'x_2.events': encodeVersion1(['x']),
      'x_9.events.gz': gzipSync(encodeJsonLines(['9'])),
      'x_10.events': encodeVersion1(['x']),
      'x_10-1.events': encodeJsonLines(['10']),
      'x_10-2.events.open': encodeVersion1(['x']),
    });
    expect(ordered).to.deep.equal([
      'x_2.events',
      'x_9.events',
      'x_10.events',
      'x_10-1.events',
      'x_10-2.events',
      'a.events',
    ]);
  });

  it('leaves out copies of archives without sequences', async () => {
    const [lines, other] = [encodeJsonLines(['1']), encodeJsonLines(['2'])];
    const ordered = await order({
      'spool/a.jsonl': lines,
      'store/a.jsonl.gz': gzipSync(lines),
      'store/b.jsonl.gz': gzipSync(lines),
      'spool/c.jsonl': lines,
      'store/c.jsonl.gz': gzipSync(other),
      'spool/d.events': encodeUnsealed(['x']),
      'store/d.events.gz': gzipSync(encodeUnsealed(['x'])),
    });
    expect(ordered).to.deep.equal([
      'spool/a.jsonl',
      'store/b.jsonl',
      'spool/c.jsonl',
      'store/c.jsonl',
      'spool/d.events',
      'store/d.events',
    ]);
  });

  it('puts open archives without a header last, as they may soon hold records', async () => {
    const ordered = await order({
      'a.events.open': Buffer.alloc(0),
      'b.events.open': encodeUnsealed(['x'], { sequence: 2 }).subarray(0, 63),
      'c.events': encodeUnsealed(['x']),
      'd.events': encodeVersion1(['x']),
      'e.events.open': encodeUnsealed(['x'], { sequence: 1 }).subarray(0, 64),
    });
    expect(ordered).to.deep.equal(['d.events', 'c.events', 'e.events', 'a.events', 'b.events']);
  });

  it('puts an archive whose first frame is damaged where its name belongs', async () => {
    const damaged = encodeUnsealed(['x'], { sequence: 1 });
    damaged.writeUInt8(damaged.readUInt8(30) ^ 1, 30);
    const contents = {
      'x_01.events': encodeUnsealed(['x']),
      'x_02.events': damaged,
      'x_03.events': encodeUnsealed(['x'], { sequence: 2 }),
      'x_04.events.gz': gzipSync(damaged),
      'x_05.events': Buffer.from('garbage'),
      'x_06.events': encodeUnsealed(['x'], { sequence: 3 }),
      'x_07.events': forgeFrame(forgeBody(forgeRecord('')), { sequence: 2n ** 60n }),
      'x_08.events': encodeUnsealed(['x'], { sequence: 4 }),
      'x_09.events.gz': gzipSync(encodeUnsealed(['x'], { sequence: 5 })).subarray(0, 12),
    };
    const names = Object.keys(contents).map((name) => name.replace(/\.gz$/, ''));
    expect(await order(contents)).to.deep.equal(names);
  });

  it('orders an archive by its first frame, even if small gzip members split it', async () => {
    const bytes = encodeUnsealed(['second'], { sequence: 7 });
    const members = [bytes.subarray(0, 5), bytes.subarray(5)].map((piece) => gzipSync(piece));
    const ordered = await order({
      'a.events.gz': Buffer.concat(members),
      'b.events': encodeUnsealed(['first'], { sequence: 1 }),
    });
    expect(ordered).to.deep.equal(['b.events', 'a.events']);
  });

  it('reads one file at a time, and only its head', async () => {
    const root = await directories.make();
    const archives = ['a', 'b', 'c'].map((name) => join(root, name));
    for (const [i, archive] of archives.entries()) {
      await writeFile(archive, encodeUnsealed(['x'.repeat(100_000)], { sequence: i }));
    }
    let bytes = 0;
    const files = new CountingFiles((file) => ({
      async read(into, offset, length, position) {
        const result = await file.read(into, offset, length, position);
        bytes += result.bytesRead;
        return result;
      },
    }));
    const found = archives.map((path) => new LocalArchive(path, files.layer));
    let given = 0;
    for await (const { archive } of orderArchives(found, 'name')) {
      expect(archive).to.equal(found[given++]);
    }
    expect(given).to.equal(3);
    expect(files).to.include({ open: 0, mostOpen: 1 });
    expect(bytes).to.equal(3 * 4096);
  });
});
