import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { FollowedLog, FollowingRun, linesOf, numbered } from '../../support/followed-log.js';
import { startShoebox } from '../../support/run-shoebox.js';
import { TemporaryDirectories } from '../../support/series.js';
import { SmallDisk, skipForWantOfDisk } from '../../support/small-disk.js';

describe('shoebox record on a full disk', () => {
  const temporary = new TemporaryDirectories();
  let disk: SmallDisk | null = null;
  let archives: string;
  beforeEach(async function () {
    disk = await SmallDisk.mount('size=2m');
    if (disk === null) return skipForWantOfDisk(this);
    archives = join(disk.path, 'archives');
    await mkdir(archives);
  });
  afterEach(async () => {
    await disk?.unmount();
    await temporary.remove();
  });

  it('says that it waits, and exits with 1 only after the deadline', async () => {
    disk?.fill(join(disk.path, 'filling'), 8192);
    const options = ['--input', 'lines', '--deadline', '800ms', '--sync', 'always'];
    const child = startShoebox(['record', archives, ...options]);
    let said = '';
    const waits = new Promise<void>((resolve) => {
      child.stderr.on('data', (text) => {
        said += String(text);
        if (said.includes('ENOSPC')) resolve();
      });
    });
    child.stdin.write(linesOf('x'.repeat(100), 1, 1000));
    await waits;
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code, said).to.equal(1);
    child.stdin.destroy();
  });

  it('follows files once there is room again, and loses no line', async () => {
    const path = join(await temporary.make(), 'app.log');
    const filling = join(disk?.path ?? '', 'filling');
    disk?.fill(filling);
    await writeFile(path, linesOf('a', 1, 100));
    const run = new FollowingRun(archives, { file: [path] });
    await run.until('waiting for room on the disk');
    await rm(filling);
    const log = new FollowedLog(archives);
    await log.until(100);
    disk?.fill(filling);
    await writeFile(path, linesOf('a', 101, 102), { flag: 'a' });
    await run.until('ENOSPC');
    await rm(filling);
    await log.until(102);
    expect(await run.stop(), run.said).to.equal(0);
    expect(await log.lines()).to.deep.equal([numbered('a', 1, 102)]);
  });
});
