import { expect } from 'chai';

import { makeDirectory } from '../../lib/files/make-directory.js';
import { disksAfterCuts } from '../support/each-power-cut.js';
import { createRandom } from '../support/power-cut.js';
import { PowerDisk } from '../support/power-disk.js';
import { systemError } from '../support/test-disk.js';

const FILE = '/disk/a/b/file';

describe('makeDirectory', () => {
  let disk: PowerDisk;

  beforeEach(() => {
    disk = new PowerDisk();
    disk.makeLastingDirectory('/disk');
  });

  /** Makes the directory, and a file in it that lasts if the directory does. */
  async function make(): Promise<void> {
    await makeDirectory(disk.files, '/disk/a/b');
    await (await disk.files.open(FILE, 'wx')).close();
    await disk.files.syncDirectory('/disk/a/b');
  }

  function pathsAfterPowerLoss(): string[] {
    const cut = { names: 'undone', bytes: 'lost', random: createRandom(1) } as const;
    return disk.copyAfter(cut).paths();
  }

  it('makes a directory, and those above it, that survive a power loss', async () => {
    await make();
    expect(pathsAfterPowerLoss()).to.deep.equal([FILE]);
  });

  for (const made of ['/disk/a', '/disk/a/b']) {
    it(`makes ${made} last if another process made it and was killed before it synced it`, async () => {
      if (made === '/disk/a/b') await makeDirectory(disk.files, '/disk/a');
      await disk.files.mkdir(made);
      await make();
      expect(pathsAfterPowerLoss()).to.deep.equal([FILE]);
    });
  }

  it('leaves no directory that a later call would take for a lasting one', async () => {
    const cuts = await disksAfterCuts(disk, () => makeDirectory(disk.files, '/disk/a/b'));
    for (const { disk: left, what } of cuts) {
      disk = left;
      await make();
      expect(pathsAfterPowerLoss(), what).to.deep.equal([FILE]);
    }
  });

  it('is content with a directory whose parent it may not read', async () => {
    await makeDirectory(disk.files, '/disk/a/b');
    const unreadable: string[] = [];
    const files = {
      ...disk.files,
      syncDirectory: async (path: string) => {
        unreadable.push(path);
        throw systemError('EACCES', 'open');
      },
    };
    await makeDirectory(files, '/disk/a/b');
    expect(unreadable).to.deep.equal(['/disk/a']);
  });
});
