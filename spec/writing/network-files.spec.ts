import { mkdir, readdir, rename, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import type { FileLayer } from '../../lib/files/file-layer.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { type InodeNumbers, networkFiles } from '../support/network-files.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';
import { payloadsOf } from '../support/writer-tools.js';

const INODES: readonly InodeNumbers[] = ['changing', 'one for all', 'zero', 'of the name'];

describe('RollingWriteStream on a network file system', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let stalls: unknown[];

  beforeEach(async () => {
    directory = await directories.make();
    stalls = [];
  });

  afterEach(() => directories.remove());

  const TEMPLATE = 'x_[[SEQUENCE]].events';

  /** Writes records into several archives, and waits for syncs in between. */
  async function writeAll(files: FileLayer): Promise<string[]> {
    const writer = new RollingWriteStream({
      directory,
      template: TEMPLATE,
      files,
      roll: rollByCount(10),
    });
    writer.on('stalled', ({ error }) => stalls.push(error));
    writer.on('failed', ({ error }) => stalls.push(error));
    writer.on('lost', ({ error }) => stalls.push(error));
    const payloads = numbered('record', 35);
    for (const [at, payload] of payloads.entries()) {
      const receipt = writer.append(payload);
      if (at % 4 === 0) await receipt.synced;
    }
    await writer.close();
    return payloads;
  }

  for (const inodes of INODES) {
    describe(`with inode numbers: ${inodes}`, () => {
      for (const setTime of [undefined, 'ENOTSUP']) {
        const times = setTime === undefined ? '' : ', and no times that can be set';
        it(`writes, syncs and seals without a stall${times}`, async () => {
          const files = networkFiles({ inodes, ...(setTime === undefined ? {} : { setTime }) });
          const payloads = await writeAll(files);
          expect(stalls).to.deep.equal([]);
          expect(await payloadsOf(directory)).to.deep.equal(payloads);
          // No lease is left, and no archive was written twice.
          expect((await readdir(directory)).filter((name) => !name.endsWith('.events'))).to.eql([]);
          expect(await readdir(directory)).to.have.length(4);
        });
      }

      it('recovers what a crash left open, and its lease', async () => {
        const left = join(directory, 'x_000000.events.open');
        await writeFile(left, encodeUnsealed(numbered('left', 5)));
        await writeFile(`${left}.lock`, '');
        await utimes(`${left}.lock`, 0, 0);
        const writer = new RollingWriteStream({
          directory,
          template: TEMPLATE,
          files: networkFiles({ inodes }),
        });
        writer.on('failed', ({ error }) => stalls.push(error));
        await writer.close();
        expect(stalls).to.deep.equal([]);
        expect(await payloadsOf(directory)).to.deep.equal(numbered('left', 5));
        expect(await readdir(directory)).to.deep.equal(['x_000000.events']);
      });

      it('ships its archives, and deletes their local files', async () => {
        const to = await directories.make();
        const writer = createArchiveWriter({
          directory,
          template: TEMPLATE,
          files: networkFiles({ inodes }),
          roll: rollByCount(2),
          ship: { to },
        });
        writer.on('failed', ({ error }) => stalls.push(error));
        for (const payload of numbered('record', 5)) writer.append(payload);
        const { left } = await writer.close();
        expect([left, stalls]).to.deep.equal([[], []]);
        expect(await readdir(directory)).to.deep.equal([]);
        expect(await readdir(to)).to.have.length(3);
      });

      it('still notices that the file was truncated, or replaced by another one', async () => {
        for (const change of [
          (path: string) => truncate(path, 10),
          async (path: string) => {
            await writeFile(`${path}.1`, encodeUnsealed(numbered('other', 5)));
            await rename(`${path}.1`, path);
          },
        ]) {
          directory = await directories.make();
          const writer = new RollingWriteStream({
            directory,
            template: TEMPLATE,
            files: networkFiles({ inodes }),
          });
          const codes = new Set<unknown>();
          writer.on('stalled', ({ error }) => codes.add(Object(error).code));
          writer.on('lost', () => {});
          await writer.append('early').synced;
          await change(join(directory, 'x_000000.events.open'));
          const late = writer.append('late');
          await late.synced;
          await writer.close();
          expect([...codes]).to.deep.equal(['ERR_ARCHIVE_CHANGED']);
          expect(await late.sealed).to.have.property('archive', 'x_000000-1.events');
        }
      });
    });
  }

  for (const code of ['EINVAL', 'ENOTSUP', 'EISDIR']) {
    it(`writes and ships where a directory cannot be synced (${code}), and warns once`, async () => {
      const warnings: Error[] = [];
      const listener = (warning: Error) => warnings.push(warning);
      process.on('warning', listener);
      try {
        const files = networkFiles({ directorySync: code });
        const payloads = await writeAll(files);
        await writeFile(join(directory, 'x_000009.events.open'), encodeUnsealed(['left']));
        const to = join(directory, 'store');
        await mkdir(to);
        const ship = { to, localFile: { moveTo: join(directory, 'done', 'here') } };
        const writer = createArchiveWriter({ directory, template: TEMPLATE, files, ship });
        writer.on('stalled', ({ error }) => stalls.push(error));
        writer.on('failed', ({ error }) => stalls.push(error));
        const { left } = await writer.close();
        expect([left, stalls]).to.deep.equal([[], []]);
        expect(await payloadsOf(join(directory, 'done', 'here'))).to.have.members([
          ...payloads,
          'left',
        ]);
        const codes = warnings.flatMap((warning) => ('code' in warning ? [warning.code] : []));
        expect(codes.filter((one) => one === 'SHOEBOX_NO_DIRECTORY_SYNC')).to.have.length(1);
      } finally {
        process.off('warning', listener);
      }
    });
  }
});
