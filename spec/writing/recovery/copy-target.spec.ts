import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import type { OpenFile } from '../../../lib/files/file-layer.js';
import { CopyTarget } from '../../../lib/writing/recovery/copy-target.js';
import { killHashingThread } from '../../support/kill-hashing-thread.js';
import { rejection } from '../../support/store-tools.js';
import { systemError, TestDisk } from '../../support/test-disk.js';

const MIB = 2 ** 20;

describe('CopyTarget', () => {
  let directory: string;
  let path: string;
  let disk: TestDisk;
  let file: OpenFile;
  let target: CopyTarget;
  /** All pieces that were written. */
  let written: Buffer[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-copy-'));
    path = join(directory, 'copy');
    disk = new TestDisk();
    file = await disk.files.open(path, 'wx+');
    target = new CopyTarget(file);
    written = [];
  });

  afterEach(async () => {
    target.release();
    await file.close();
    await rm(directory, { recursive: true });
  });

  /** Writes pieces of an odd size, all different, from one buffer that is reused. */
  async function write(bytes: number): Promise<void> {
    const piece = Buffer.alloc(99_991);
    for (let left = bytes; left > 0; left -= piece.length) {
      const part = piece.subarray(0, left).fill(`${written.length} `);
      written.push(Buffer.from(part));
      await target.write(part);
    }
  }

  function sha256Of(pieces: readonly Buffer[]): string {
    return createHash('sha256').update(Buffer.concat(pieces)).digest('hex');
  }

  for (const [size, bytes] of Object.entries({ 'less than a slab': 1000, slabs: 5 * MIB + 77 })) {
    it(`writes ${size}, and computes the digests of the whole and of each run`, async () => {
      target.beginRun();
      await write(bytes);
      const isSame = (await target.sha256('run')).equals(await target.sha256('whole'));
      expect(isSame).to.equal(true);
      target.endRun();
      await write(bytes);
      const start = written.length;
      target.beginRun();
      target.beginRun();
      await write(bytes);
      const part = await target.sha256('run');
      await write(bytes);
      await target.finish();
      expect(part.toString('hex')).to.equal(
        sha256Of(written.slice(start, start + (written.length - start) / 2)),
      );
      expect((await target.sha256('run')).toString('hex')).to.equal(sha256Of(written.slice(start)));
      expect((await target.sha256('whole')).toString('hex')).to.equal(sha256Of(written));
      expect((await readFile(path)).equals(Buffer.concat(written))).to.equal(true);
      expect(target.bytes).to.equal(4 * bytes);
    });
  }

  it('hashes the file again if the thread with the digest has died', async () => {
    await write(3 * MIB);
    await killHashingThread();
    await write(3 * MIB);
    expect((await target.sha256('whole')).toString('hex')).to.equal(sha256Of(written));
    await target.finish();
    expect((await target.sha256('whole')).toString('hex')).to.equal(sha256Of(written));
  });

  it('rejects if a write failed', async () => {
    let writes = 0;
    disk.hook = (call) => {
      if (call === 'write' && ++writes === 3) throw systemError('ENOSPC', 'write');
    };
    const failure = await rejection(write(8 * MIB).then(() => target.finish()));
    expect(failure).to.have.property('code', 'ENOSPC');
    expect(writes).to.equal(3);
  });

  it('syncs while it writes, and rejects if any sync failed but the last one did not', async () => {
    let syncs = 0;
    disk.hook = (call) => {
      if (call === 'datasync' && ++syncs === 1) throw systemError('EIO', 'fdatasync');
    };
    await write(70 * MIB);
    const failure = await rejection(target.finish());
    expect(failure).to.have.property('code', 'EIO');
    expect(disk.calls).to.not.include('sync');
  });
});
