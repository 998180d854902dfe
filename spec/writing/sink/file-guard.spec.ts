import { appendFile, mkdtemp, open, rm, truncate, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer, type OpenFile } from '../../../lib/files/file-layer.js';
import { writeAll } from '../../../lib/files/write-all.js';
import { FileGuard } from '../../../lib/writing/sink/file-guard.js';
import { fileTimePasses } from '../../support/file-time.js';
import { rejection } from '../../support/store-tools.js';

describe('FileGuard', () => {
  let directory: string;
  let path: string;
  let file: OpenFile;
  let guard: FileGuard;
  let isIntact: boolean;
  let comparisons: number;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-guard-'));
    path = join(directory, 'a.events.open');
    file = await nodeFileLayer.open(path, 'wx+');
    isIntact = true;
    comparisons = 0;
    guard = new FileGuard(path, file, async () => {
      comparisons++;
      return isIntact;
    });
  });

  afterEach(async () => {
    await file.close();
    await rm(directory, { recursive: true });
  });

  async function append(bytes: Buffer, between = async () => {}): Promise<void> {
    const { end } = guard.tail;
    guard.begin();
    await between();
    await writeAll(file, bytes, end);
    await guard.appended(bytes);
  }

  const ones = Buffer.alloc(5000, '1');
  const changed = { fault: 'suspect', code: 'ERR_ARCHIVE_CHANGED' };

  it('notices a truncation just before an append, which fills the file up with zeros', async () => {
    await append(ones);
    expect(await rejection(append(ones, () => truncate(path, 0)))).to.include(changed);
  });

  it('notices a truncation after an append, and bytes of another program', async () => {
    await append(ones);
    await truncate(path, 4999);
    expect(await rejection(guard.check(guard.tail))).to.include(changed);
    await appendFile(path, '1');
    await guard.checkTail(guard.tail);
    await appendFile(path, '1');
    expect(await rejection(guard.check(guard.tail))).to.include(changed);
  });

  it('compares the content if the time of the file has changed, and trusts no time that changes often', async () => {
    await append(ones);
    for (let n = 1; n <= 6; n++) {
      await utimes(path, n, n);
      await guard.check(guard.tail);
    }
    expect(comparisons).to.equal(3);
    await append(ones);
    await guard.check(guard.tail);
    expect(comparisons).to.equal(3);
  });

  it('fails before an append if the content has changed', async () => {
    await append(ones);
    await fileTimePasses(path);
    const other = await open(path, 'r+');
    await other.write('2', 10);
    await other.close();
    isIntact = false;
    expect(await rejection(guard.checkIdle())).to.include(changed);
  });

  it('compares the content of a small file in the end', async () => {
    await append(ones);
    await guard.checkWhole();
    expect(comparisons).to.equal(1);
    isIntact = false;
    expect(await rejection(guard.checkWhole())).to.include(changed);
  });
});
