import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { findPaths } from '../../../lib/command/record/files/file-paths.js';
import { TemporaryDirectories } from '../../support/series.js';

describe('findPaths', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  /** The names below a directory, and the reasons why `findPaths` passes over others. */
  async function find(directory: string, glob: string, isFirst: boolean) {
    const said: string[] = [];
    const say = (path: string, reason: string) =>
      said.push(`${path.slice(directory.length)} ${reason}`);
    const { paths } = await findPaths(join(directory, glob), isFirst, say);
    return { names: paths.map((path) => path.slice(directory.length + 1)), said };
  }

  it('passes over a name that is not UTF-8, and takes one with the character U+FFFD', async () => {
    const directory = await temporary.make();
    await writeFile(join(directory, 'a\ufffd.log'), '');
    const bytes = Buffer.concat([
      Buffer.from(`${directory}/b`),
      Buffer.from([0xff]),
      Buffer.from('.log'),
    ]);
    await writeFile(bytes, '');
    expect(await find(directory, '*.log', true)).to.deep.equal({
      names: ['a\ufffd.log'],
      said: ['/b\ufffd.log is passed over: its name is not UTF-8'],
    });
  });

  it('throws for a directory that cannot be read only at first', async () => {
    const directory = await temporary.make();
    await writeFile(join(directory, 'a.log'), '');
    await mkdir(join(directory, 'private'), { mode: 0 });
    await chmod(directory, 0o755);
    // root reads everything.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      const error = await find(directory, '**/*.log', true).catch((reason) => reason);
      expect(error).to.have.property('code', 'EACCES');
      expect(await find(directory, '**/*.log', false)).to.deep.equal({
        names: ['a.log'],
        said: ['/private cannot be read: EACCES'],
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(join(directory, 'private'), 0o700);
    }
  });
});
