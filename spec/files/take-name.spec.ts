import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../lib/files/file-layer.js';
import { takeName } from '../../lib/files/take-name.js';
import { withScratch } from '../support/scratch-directory.js';
import { rejection } from '../support/store-tools.js';

function failing(code: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(code), { code }));
}

const WITHOUT_LINKS: FileLayer = { ...nodeFileLayer, link: failing('EPERM') };

describe('takeName', () => {
  for (const [kind, files, names] of [
    ['with hard links, which keeps both names', nodeFileLayer, ['new', 'old']],
    ['without hard links, which keeps the new name', WITHOUT_LINKS, ['new']],
  ] as const) {
    describe(`on a file system ${kind}`, () => {
      it('gives a file a free name', async () => {
        await withScratch(async ({ path, put, list }) => {
          await takeName(files, await put('old', Buffer.from('a')), join(path, 'new'));
          expect(await list()).to.deep.equal(names);
          expect(await readFile(join(path, 'new'), 'utf8')).to.equal('a');
        });
      });

      it('never replaces a file that has the name', async () => {
        await withScratch(async ({ path, put, list }) => {
          const [from, to] = [
            await put('old', Buffer.from('a')),
            await put('new', Buffer.from('b')),
          ];
          expect(await rejection(takeName(files, from, to))).to.have.property('code', 'EEXIST');
          expect(await list()).to.deep.equal(['new', 'old']);
          expect(await readFile(join(path, 'new'), 'utf8')).to.equal('b');
        });
      });
    });
  }

  it('removes the empty file that held the name when the rename fails', async () => {
    await withScratch(async ({ path, put, list }) => {
      const files = { ...WITHOUT_LINKS, rename: failing('EIO') };
      const taking = takeName(files, await put('old', Buffer.from('a')), join(path, 'new'));
      expect(await rejection(taking)).to.have.property('code', 'EIO');
      expect(await list()).to.deep.equal(['old']);
    });
  });

  it('keeps the file under its new name when a rename fails after it has happened', async () => {
    await withScratch(async ({ path, put }) => {
      const rename: FileLayer['rename'] = async (from, to) => {
        await nodeFileLayer.rename(from, to);
        await failing('EIO')();
      };
      const files = { ...WITHOUT_LINKS, rename };
      const taking = takeName(files, await put('old', Buffer.from('a')), join(path, 'new'));
      expect(await rejection(taking)).to.have.property('code', 'EIO');
      expect(await readFile(join(path, 'new'), 'utf8')).to.equal('a');
    });
  });

  it('passes on every failure that hard links are not to blame for', async () => {
    await withScratch(async ({ path, put, list }) => {
      const files = { ...nodeFileLayer, link: failing('EIO') };
      const taking = takeName(files, await put('old', Buffer.from('a')), join(path, 'new'));
      expect(await rejection(taking)).to.have.property('code', 'EIO');
      expect(await list()).to.deep.equal(['old']);
    });
  });
});
