import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { expect } from 'chai';

import { NotAFileError } from '../../lib/errors/not-a-file-error.js';
import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { ODD_FILES } from '../support/odd-files.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('open of the file layer', () => {
  const directories = new TemporaryDirectories();
  let path: string;

  beforeEach(async () => {
    path = join(await directories.make(), 'x');
  });

  afterEach(() => directories.remove());

  async function read(name: string, mode: 'r' | 'rl'): Promise<string> {
    const file = await nodeFileLayer.open(name, mode);
    const bytes = Buffer.alloc(10);
    const { bytesRead } = await file.read(bytes, 0, 10, 0);
    await file.close();
    return bytes.toString('utf8', 0, bytesRead);
  }

  for (const [what, create] of Object.entries(ODD_FILES)) {
    it(`refuses ${what} at once`, async () => {
      await create(path);
      const found = what === 'a device' ? 'a symbolic link' : what;
      expect(await rejection(nodeFileLayer.open(path, 'r')))
        .to.be.instanceOf(NotAFileError)
        .and.to.include({ code: 'ERR_NOT_A_FILE', path, found })
        .and.to.have.property(
          'message',
          `cannot open ${path}: expected a regular file, found ${found}`,
        );
    });
  }

  it('follows a link where it may, to a regular file only', async () => {
    await writeFile(`${path}.target`, 'content');
    await symlink(`${path}.target`, path);
    expect(await read(path, 'rl')).to.equal('content');
    for (const what of ['a named pipe', 'a directory', 'a device']) {
      const odd = join(await directories.make(), 'odd');
      await ODD_FILES[what]?.(odd);
      const link = join(await directories.make(), 'link');
      await symlink(odd, link);
      expect(await rejection(nodeFileLayer.open(link, 'rl'))).to.include({ found: what });
    }
  });

  it('refuses a socket', async () => {
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    for (const mode of ['r', 'rl'] as const) {
      expect(await rejection(nodeFileLayer.open(path, mode))).to.include({ found: 'a socket' });
    }
    server.close();
  });

  it('reads a regular file, also in a directory that is a link', async () => {
    const real = join(await directories.make(), 'real');
    await mkdir(real);
    await writeFile(join(real, 'x'), 'content');
    await symlink(real, path);
    expect(await read(join(path, 'x'), 'r')).to.equal('content');
    await nodeFileLayer.syncDirectory(path);
  });

  it('fails as Node does where there is nothing', async () => {
    expect(await rejection(nodeFileLayer.open(path, 'r'))).to.include({ code: 'ENOENT' });
  });

  it('does not wait for a pipe in place of a directory', async () => {
    await ODD_FILES['a named pipe']?.(path);
    expect(await rejection(nodeFileLayer.syncDirectory(path))).to.include({ code: 'ENOTDIR' });
  });
});
