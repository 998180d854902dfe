import { spawnSync } from 'node:child_process';
import { closeSync, openSync, statfsSync, writeSync } from 'node:fs';

import { expect } from 'chai';

import { TemporaryDirectories } from './series.js';

const MIB = 2 ** 20;

/** A real, very small file system, on machines that allow mounting one. */
export class SmallDisk {
  readonly path: string;
  readonly #directories: TemporaryDirectories;

  /**
   * @param options of tmpfs, such as `size=4m`
   * @returns null when mounting is not allowed
   */
  static async mount(options: string): Promise<SmallDisk | null> {
    const directories = new TemporaryDirectories();
    const path = await directories.make();
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
    if (status === 0) return new SmallDisk(path, directories);
    await directories.remove();
    return null;
  }

  private constructor(path: string, directories: TemporaryDirectories) {
    this.path = path;
    this.#directories = directories;
  }

  /** Fills the file system with one file, and leaves `left` bytes free. */
  fill(path: string, left = 0): void {
    const file = openSync(path, 'w');
    const { bavail, bsize } = statfsSync(this.path);
    let room = left === 0 ? Number.POSITIVE_INFINITY : bavail * bsize - left;
    for (let bytes = MIB; bytes >= 1 && room > 0; ) {
      try {
        room -= writeSync(file, Buffer.alloc(Math.min(bytes, room), 1));
      } catch (error) {
        expect(error).to.have.property('code', 'ENOSPC');
        bytes = Math.floor(bytes / 2);
      }
    }
    closeSync(file);
  }

  async unmount(): Promise<void> {
    spawnSync('umount', [this.path]);
    await this.#directories.remove();
  }
}

/** Skips the current spec, and gives the reason in its title. */
export function skipForWantOfDisk(context: Mocha.Context): never {
  const test = context.currentTest;
  if (test) test.title += ' (skipped: mounting is not allowed here)';
  return context.skip();
}
