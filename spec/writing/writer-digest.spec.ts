import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { expect } from 'chai';

import type { SealedArchive } from '../../lib/index.js';
import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { killHashingThread } from '../support/kill-hashing-thread.js';
import { withScratch } from '../support/scratch-directory.js';

const MIB = 2 ** 20;

describe('the digest of a fast archive', () => {
  for (const sync of ['no', 'everysec', 'always'] as const) {
    for (const fate of ['lives', 'dies']) {
      it(`is right if its thread ${fate} (sync: '${sync}')`, async () => {
        await withScratch(async ({ path: directory }) => {
          const template = 'x_[[SEQUENCE]]_[[CRC]].events';
          const writer = new RollingWriteStream({ directory, template, sync });
          const sealed: SealedArchive[] = [];
          writer.on('sealed', (archive: SealedArchive) => sealed.push(archive));
          for (let n = 0; n < 12; n++) {
            await writer.append({ metadata: { n: String(n) }, payload: Buffer.alloc(MIB, n) })
              .written;
            if (n === 5 && fate === 'dies') await killHashingThread();
            if (n === 8) await writer.roll();
          }
          await writer.close();
          expect(sealed).to.have.length(2);
          for (const { path, name, sha256 } of sealed) {
            const found = createHash('sha256')
              .update(await readFile(path))
              .digest('hex');
            expect(sha256).to.equal(found);
            expect(name).to.include(found);
          }
          const { problems } = await verifyArchives(`${directory}/*.events`);
          expect(problems).to.deep.equal([]);
        });
      });
    }
  }
});
