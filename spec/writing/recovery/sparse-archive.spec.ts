import { createReadStream } from 'node:fs';
import { appendFile, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';

import { expect } from 'chai';

import { HEADER_BYTES } from '../../../lib/format/version-2.js';
import { ArchiveTemplate } from '../../../lib/series/names/archive-template.js';
import { recoverArchive } from '../../../lib/writing/recovery/recover-archive.js';
import { collectGarbage } from '../../support/collect-garbage.js';
import { withScratch } from '../../support/scratch-directory.js';
import { encodeUnsealed } from '../../support/series.js';
import { withFile } from '../../support/with-file.js';

const MIB = 2 ** 20;
const FILE_BYTES = 32 * MIB;

/** More than recovery needs for chunks, and much less than the file. */
const MOST_MEMORY = 16 * MIB;

const BLOCK = encodeUnsealed(['{"n":1}', '{"n":2}']);

/** The header of a frame whose body fills the rest of the file. */
function hugeHeader(kind = 1): Buffer {
  const header = Buffer.from(BLOCK.subarray(0, HEADER_BYTES));
  const bodyBytes = FILE_BYTES - BLOCK.length - HEADER_BYTES;
  header.writeUInt8(kind, 6);
  header.writeUInt32LE(bodyBytes, 12);
  header.writeUInt32LE(bodyBytes, 16);
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
  return header;
}

describe('recoverArchive, of a sparse file', () => {
  for (const [what, content, records] of [
    ['whose records end in a hole', BLOCK, 2],
    ['with a header that claims all of the hole', Buffer.concat([BLOCK, hugeHeader()]), 2],
    ['with a skippable frame of all of the hole', Buffer.concat([BLOCK, hugeHeader(128)]), 2],
    ['of JSON lines, the last of which is torn', Buffer.from('{"n":1}\n{"n":'), 1],
  ] as const) {
    it(`needs neither memory nor disk for its zeros (${what})`, async () => {
      await withScratch(async (scratch) => {
        const base = join(scratch.path, 'a.events');
        await truncate(await scratch.put('a.events.open', content), FILE_BYTES);
        const usedBytes = () => process.memoryUsage().arrayBuffers;
        // Garbage of an earlier spec, collected meanwhile, would hide what this one takes.
        collectGarbage();
        const before = usedBytes();
        let most = 0;
        const files = withFile((file) => ({
          async read(...args) {
            most = Math.max(most, usedBytes() - before);
            return await file.read(...args);
          },
        }));
        const recovered = await recoverArchive(base, new ArchiveTemplate('a.events'), files);
        expect(recovered).to.include({ records });
        expect(most).to.be.lessThan(MOST_MEMORY);

        const torn = (await readdir(scratch.path)).find((name) => name.includes('.torn-'));
        const path = join(scratch.path, torn ?? expect.fail('nothing was kept aside'));
        const begin = Number(torn?.split('-').at(-1));
        const { blocks, size } = await stat(path);
        expect(size).to.equal(FILE_BYTES - begin);
        expect(512 * blocks).to.be.lessThan(2 * MIB);
        const written = content.subarray(begin);
        const kept = createReadStream(path, { end: Math.max(written.length, 1) - 1 });
        expect((await buffer(kept)).subarray(0, written.length).equals(written)).to.equal(true);
      });
    });
  }

  it('needs no memory for a hole amid a line of JSON', async () => {
    await withScratch(async (scratch) => {
      const path = await scratch.put('a.events.open', Buffer.from('{"n":1}\n{"n":'));
      await truncate(path, FILE_BYTES);
      await appendFile(path, '2}\n{"n":3}\n');
      collectGarbage();
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      const files = withFile((file) => ({
        async read(...args) {
          most = Math.max(most, process.memoryUsage().arrayBuffers - before);
          return await file.read(...args);
        },
      }));
      const base = join(scratch.path, 'a.events');
      const recovered = await recoverArchive(base, new ArchiveTemplate('a.events'), files);
      expect(recovered).to.include({ records: 2, damagedStretches: 1 });
      expect(most).to.be.lessThan(MOST_MEMORY);
    });
  });
});
