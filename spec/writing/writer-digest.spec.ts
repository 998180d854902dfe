import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { expect } from 'chai';

import type { SealedArchive } from '../../lib/index.js';
import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { compiled } from '../support/compiled.js';
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

  it('is right if one thread after the other dies, with slabs that it works on', async () => {
    await withScratch(async ({ path: directory }) => {
      const writer = new RollingWriteStream({ directory, template: 'x_[[SEQUENCE]].events' });
      const count = 800;
      const dying: Promise<void>[] = [];
      for (let n = 0; n < count; n++) {
        if (!writer.write(Buffer.alloc(2 ** 14, n))) await once(writer, 'drain');
        if (n % 100 === 99) dying.push(killHashingThread());
      }
      await writer.close();
      await Promise.all(dying);
      const { archives, problems } = await verifyArchives(`${directory}/*.events`);
      expect(problems).to.deep.equal([]);
      expect(archives.map(({ records }) => records)).to.deep.equal([count]);
    });
  });

  it('is right where no thread may start', async () => {
    await withScratch(async ({ path: directory }) => {
      const lib = compiled(new URL('../../lib/index.ts', import.meta.url)).href;
      const script = `
        const { createArchiveWriter } = await import(${JSON.stringify(lib)});
        let started = 0;
        process.on('worker', () => started++);
        const writer = createArchiveWriter({ directory: ${JSON.stringify(directory)} });
        for (let n = 0; n < 6; n++) await writer.append(Buffer.alloc(${MIB}, n)).written;
        for (let n = 0; n < 600; n++) writer.write(Buffer.alloc(16384, n));
        await writer.close();
        console.log(started);
      `;
      const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
      const isStable = major > 23 || (major === 23 && minor >= 5);
      const args = [
        isStable ? '--permission' : '--experimental-permission',
        '--allow-fs-read=*',
        '--allow-fs-write=*',
        '--input-type=module',
        '--eval',
        script,
      ];
      // The loader of the specs would start a thread of its own.
      const env = { ...process.env, NODE_OPTIONS: '' };
      const { stdout } = await promisify(execFile)(process.execPath, args, { env });
      expect(stdout.trim()).to.equal('0');
      const { archives, problems } = await verifyArchives(directory);
      expect(problems).to.deep.equal([]);
      expect(archives.reduce((sum, { records }) => sum + records, 0)).to.equal(606);
    });
  });
});
