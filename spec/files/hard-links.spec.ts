import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { hasHardLinks } from '../../lib/files/hard-links.js';
import { TemporaryDirectories } from '../support/series.js';

describe('hasHardLinks', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  const failWith = (code: string) => async () => {
    throw Object.assign(new Error(`${code}: no`), { code });
  };

  it('distinguishes file systems with and without hard links, and leaves nothing', async () => {
    expect(await hasHardLinks(nodeFileLayer, join(directory, 'new'))).to.equal(true);
    const files = { ...nodeFileLayer, link: failWith('EPERM') };
    expect(await hasHardLinks(files, join(directory, 'new'))).to.equal(false);
    expect(await readdir(join(directory, 'new'))).to.deep.equal([]);
  });

  it('removes what any number of processes left as they died in it', async () => {
    // After the death of a process, no call of it is done.
    for (const last of ['open', 'link'] as const) {
      const never = () => new Promise<never>(() => {});
      let died = () => {};
      const dead = new Promise<void>((resolve) => {
        died = resolve;
      });
      const files = {
        ...nodeFileLayer,
        async [last](...args: readonly unknown[]) {
          const result = await Reflect.apply(nodeFileLayer[last], nodeFileLayer, args);
          if (last === 'open') await result.close();
          died();
          return never();
        },
      };
      void hasHardLinks(files, directory);
      await dead;
    }
    expect(await readdir(directory)).to.not.deep.equal([]);
    expect(await hasHardLinks(nodeFileLayer, directory)).to.equal(true);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('may be asked by several processes at the same time', async () => {
    const asked = Array.from({ length: 10 }, () => hasHardLinks(nodeFileLayer, directory));
    expect(await Promise.all(asked)).to.deep.equal(Array(10).fill(true));
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('needs no luck if another process removes its file each time', async () => {
    const others = '.link.0000000000000000.part';
    const link: typeof nodeFileLayer.link = async (from, to) => {
      await rm(join(directory, others), { force: true });
      await nodeFileLayer.link(from, to);
    };
    expect(await hasHardLinks({ ...nodeFileLayer, link }, directory)).to.equal(true);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('fails with any other error', async () => {
    await writeFile(join(directory, 'a'), '');
    const files = { ...nodeFileLayer, link: failWith('EIO') };
    const error = await hasHardLinks(files, directory).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'EIO');
    expect(await readdir(directory)).to.deep.equal(['a']);
  });
});
