import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { writeAll } from '../../lib/files/write-all.js';
import { withScratch } from '../support/scratch-directory.js';
import { rejection } from '../support/store-tools.js';
import { withFile } from '../support/with-file.js';

describe('writeAll', () => {
  /** A file layer whose files write at most so many bytes in a call. */
  function writingAtMost(most: number) {
    return withFile((file) => ({
      write: (bytes, offset, length, position) =>
        most === 0
          ? Promise.resolve({ bytesWritten: 0 })
          : file.write(bytes, offset, Math.min(length, most), position),
    }));
  }

  it('writes all bytes at their position, however few each call writes', async () => {
    for (const most of [1, 3, 100]) {
      await withScratch(async ({ path }) => {
        const file = await writingAtMost(most).open(join(path, 'a'), 'wx');
        await writeAll(file, Buffer.from('01234'), 0);
        await writeAll(file, Buffer.from('abc'), 3);
        await writeAll(file, Buffer.alloc(0), 0);
        await file.close();
        expect(await readFile(join(path, 'a'), 'utf8')).to.equal('012abc');
      });
    }
  });

  it('rejects with EIO when the system writes nothing, instead of trying for good', async () => {
    await withScratch(async ({ path }) => {
      const file = await writingAtMost(0).open(join(path, 'a'), 'wx');
      const error = await rejection(writeAll(file, Buffer.from('01234'), 0));
      await file.close();
      expect(error).to.include({ code: 'EIO', syscall: 'write' });
      expect(error).to.have.property('message').that.includes('took 0 of 5 bytes');
    });
  });
});
