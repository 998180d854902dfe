import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../../lib/files/file-layer.js';
import { moveFile } from '../../../lib/writing/handlers/move-file.js';

const CONTENT = Buffer.alloc(3 * 2 ** 20 + 17, 'records ');

describe('moveFile', () => {
  let directory: string;
  let from: string;
  let to: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-'));
    await mkdir(join(directory, 'here'));
    await mkdir(join(directory, 'there'));
    from = join(directory, 'here', 'a.events');
    to = join(directory, 'there', 'a.events');
    await writeFile(from, CONTENT);
  });

  afterEach(() => rm(directory, { recursive: true }));

  const layers: readonly (readonly [where: string, files: FileLayer])[] = [
    ['within a device', nodeFileLayer],
    ['across devices', acrossDevices()],
    ['where there are no hard links', withoutHardLinks()],
    ['across devices, the other without hard links', acrossDevices(withoutHardLinks())],
  ];

  for (const [where, files] of layers) {
    describe(where, () => {
      it('moves the file, and leaves no other file', async () => {
        expect(await moveFile(files, from, to)).to.equal(to);
        expect(await namesIn('here')).to.deep.equal([]);
        expect(await namesIn('there')).to.deep.equal(['a.events']);
        expect((await readFile(to)).equals(CONTENT)).to.equal(true);
      });

      it('overwrites nothing', async () => {
        await writeFile(to, 'first');
        await writeFile(join(directory, 'there', 'a-1.events'), 'second');
        const path = join(directory, 'there', 'a-2.events');
        expect(await moveFile(files, from, to)).to.equal(path);
        expect(await readFile(to, 'utf8')).to.equal('first');
        expect((await readFile(path)).equals(CONTENT)).to.equal(true);
        expect(await namesIn('here')).to.deep.equal([]);
      });

      it('leaves the file where it is when it cannot be moved', async () => {
        const nowhere = join(directory, 'nowhere', 'a.events');
        expect(await codeOf(moveFile(files, from, nowhere))).to.equal('ENOENT');
        expect((await readFile(from)).equals(CONTENT)).to.equal(true);
      });
    });
  }

  it('leaves a file alone that is at the path already, however the path is written', async () => {
    const written = relative(process.cwd(), from);
    expect(await moveFile(nodeFileLayer, from, written)).to.equal(from);
    expect(await namesIn('here')).to.deep.equal(['a.events']);
    await symlink('here', join(directory, 'alias'));
    await moveFile(nodeFileLayer, from, join(directory, 'alias', 'a.events'));
    expect(await namesIn('here')).to.deep.equal(['a.events']);
  });

  it('treats a symbolic link to the file as another file', async () => {
    await symlink(from, to);
    const path = await moveFile(nodeFileLayer, from, to);
    expect(path).to.equal(join(directory, 'there', 'a-1.events'));
    expect((await readFile(path)).equals(CONTENT)).to.equal(true);
  });

  it('finishes a move if a crash left the file with both names', async () => {
    await link(from, to);
    expect(await moveFile(nodeFileLayer, from, to)).to.equal(to);
    expect(await namesIn('here')).to.deep.equal([]);
    expect(await namesIn('there')).to.deep.equal(['a.events']);
  });

  it('leaves an existing .part alone, which another process may be writing', async () => {
    await writeFile(`${to}.part`, 'of another');
    expect(await moveFile(acrossDevices(), from, to)).to.equal(to);
    expect(await namesIn('there')).to.deep.equal(['a.events', 'a.events.part']);
    expect(await readFile(`${to}.part`, 'utf8')).to.equal('of another');
  });

  it('removes the copies that killed moves of the same file have left, and no other', async () => {
    const there = dirname(to);
    const never = () => Promise.reject(systemError('EIO'));
    const killed = { ...failingSync(acrossDevices()), unlink: never };
    expect(await codeOf(moveFile(killed, from, to))).to.equal('EIO');
    const [left] = await namesIn('there');
    expect(left).to.match(/^\.a\.events\.[0-9a-f]{16}\.part$/);
    const other = '.a.events.0123456789abcdef.part';
    await writeFile(join(there, other), 'of another');
    expect(await moveFile(acrossDevices(), from, to)).to.equal(to);
    expect(await namesIn('there')).to.deep.equal([other, 'a.events']);
  });

  it('removes its .part when copying fails', async () => {
    const files = failingSync(acrossDevices());
    expect(await codeOf(moveFile(files, from, to))).to.equal('EIO');
    expect(await namesIn('there')).to.deep.equal([]);
    expect((await readFile(from)).equals(CONTENT)).to.equal(true);
  });

  it('removes its placeholder if the rename fails', async () => {
    const files = { ...withoutHardLinks(), rename: () => Promise.reject(systemError('EIO')) };
    expect(await codeOf(moveFile(files, from, to))).to.equal('EIO');
    expect(await namesIn('there')).to.deep.equal([]);
    expect(await namesIn('here')).to.deep.equal(['a.events']);
  });

  it('copies the whole file even if the system writes less than requested', async () => {
    const files = shortWrites(acrossDevices());
    await moveFile(files, from, to);
    expect((await readFile(to)).equals(CONTENT)).to.equal(true);
  });

  it('syncs the copy and its name before it unlinks the original', async () => {
    const steps: string[] = [];
    await moveFile(recording(steps, acrossDevices()), from, to);
    const original = steps.indexOf(`unlink ${from}`);
    const linked = steps.findIndex((step) => /^link .*\.part .*a\.events$/.test(step));
    expect(original).to.be.above(steps.indexOf(`syncDirectory ${dirname(to)}`));
    expect(steps.indexOf(`syncDirectory ${dirname(to)}`)).to.be.above(linked);
    expect(linked).to.be.above(steps.indexOf('sync'));
    expect(steps.at(-1)).to.equal(`syncDirectory ${dirname(from)}`);
  });

  async function namesIn(name: string): Promise<string[]> {
    return (await readdir(join(directory, name))).toSorted();
  }
});

/** Behaves as if each directory were on a device of its own. */
function acrossDevices(files: FileLayer = nodeFileLayer): FileLayer {
  const between = async (from: string, to: string): Promise<void> => {
    if (dirname(from) !== dirname(to)) throw systemError('EXDEV');
  };
  return {
    ...files,
    link: async (from, to) => {
      await between(from, to);
      await files.link(from, to);
    },
    rename: async (from, to) => {
      await between(from, to);
      await files.rename(from, to);
    },
  };
}

function withoutHardLinks(): FileLayer {
  return { ...nodeFileLayer, link: () => Promise.reject(systemError('EPERM')) };
}

function failingSync(files: FileLayer): FileLayer {
  return onOpen(files, (file) => {
    file.sync = () => Promise.reject(systemError('EIO'));
  });
}

function shortWrites(files: FileLayer): FileLayer {
  return onOpen(files, (file) => {
    const write = file.write.bind(file);
    file.write = (bytes, offset, length, position) =>
      write(bytes, offset, Math.min(length, 100_003), position);
  });
}

function recording(steps: string[], files: FileLayer): FileLayer {
  const layer = onOpen(files, (file) => {
    const sync = file.sync.bind(file);
    file.sync = async () => {
      steps.push('sync');
      await sync();
    };
  });
  return {
    ...layer,
    link: (from, to) => {
      steps.push(`link ${from} ${to}`);
      return layer.link(from, to);
    },
    unlink: (path) => {
      steps.push(`unlink ${path}`);
      return layer.unlink(path);
    },
    syncDirectory: (path) => {
      steps.push(`syncDirectory ${path}`);
      return layer.syncDirectory(path);
    },
  };
}

function onOpen(
  files: FileLayer,
  change: (file: Awaited<ReturnType<FileLayer['open']>>) => void,
): FileLayer {
  return {
    ...files,
    async open(path, mode) {
      const file = await files.open(path, mode);
      change(file);
      return file;
    },
  };
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as if`), { code });
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  throw new Error('expected a rejection');
}
