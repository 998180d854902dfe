import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import { leaveOutRead } from '../../../lib/series/listing/leave-out-read.js';
import { LocalArchive } from '../../../lib/series/opening/local-archive.js';
import { CountingFiles } from '../../support/counting-files.js';
import { encodeVersion1 } from '../../support/encode-archive.js';
import { encodeUnsealed, TemporaryDirectories } from '../../support/series.js';

const WRITER = 'a'.repeat(16);

describe('leaveOutRead', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let counting: CountingFiles;

  beforeEach(async () => {
    directory = await directories.make();
    counting = new CountingFiles();
  });

  afterEach(() => directories.remove());

  function nameOf(ordinal: number, second = ordinal): string {
    const time = new Date(Date.UTC(2026, 0, 1) + 1000 * second).toISOString();
    const digits = `${ordinal}`.padStart(6, '0');
    return `x_${time.slice(0, 19).replaceAll(':', '-')}_${WRITER}-${digits}.events`;
  }

  /** Archives of ten records. */
  async function write(ordinals: readonly number[], name: (n: number) => string = nameOf) {
    const archives: LocalArchive[] = [];
    for (const n of ordinals) {
      const path = join(directory, name(n));
      await writeFile(path, encodeUnsealed(['x'], { sequence: 10 * n }));
      archives.push(new LocalArchive(path, nodeFileLayer));
    }
    return archives;
  }

  async function left(archives: readonly LocalArchive[], next: number | undefined) {
    const counted = archives.map(({ path }) => new LocalArchive(path, counting.layer));
    const unread = await leaveOutRead(counted, (writer) => (writer === WRITER ? next : undefined));
    return unread.map(({ path }) => basename(path));
  }

  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

  it('leaves out what comes before a sequence, by the heads of few archives', async () => {
    const archives = await write(range(0, 100));
    for (const [next, first] of [
      [0, 0],
      [9, 0],
      [10, 1],
      [555, 55],
      [560, 56],
      [5000, 99],
    ] as const) {
      counting.opened.length = 0;
      expect(await left(archives, next)).to.deep.equal(range(first, 100).map((n) => nameOf(n)));
      expect(counting.opened.length).to.be.lessThan(10);
    }
    expect(await left(archives, undefined)).to.have.length(100);
  });

  it('leaves out all copies of an archive, and finds where archives were deleted', async () => {
    const archives = await write([3, 4, 8, 9]);
    const copies = archives.map((archive) => new LocalArchive(archive.path, nodeFileLayer));
    expect(await left([...archives, ...copies], 85)).to.deep.equal([
      nameOf(8),
      nameOf(9),
      nameOf(8),
      nameOf(9),
    ]);
  });

  it('leaves out nothing if names give no certain order, or heads contradict them', async () => {
    const names: Readonly<Record<string, (n: number) => string>> = {
      'no ordinal': (n) => `x_2026-01-01T00-00-0${n}_${WRITER}.events`,
      'no time': (n) => `x_${WRITER}-00000${n}.events`,
      'times of a day': (n) => `x_2026-01-0${n + 1}_${WRITER}-00000${n}.events`,
      'ordinals that began again': (n) => nameOf(n < 3 ? n + 3 : n - 3, n),
      'an ordinal twice': (n) => nameOf(Math.floor(n / 2), n),
      'another writer': (n) => nameOf(n).replace(WRITER, 'b'.repeat(16)),
    };
    for (const [what, name] of Object.entries(names)) {
      expect(await left(await write(range(0, 6), name), 45), what).to.have.length(6);
    }
    const archives = await write(range(0, 6));
    await writeFile(join(directory, nameOf(3)), encodeVersion1([{ payload: 'x' }]));
    expect(await left(archives, 45)).to.have.length(6);
  });
});
