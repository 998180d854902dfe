import { dirname, join } from 'node:path';

import type { FileLayer } from '../files/file-layer.js';
import { makeDirectory } from '../files/make-directory.js';
import { isMissing } from '../files/system-error.js';
import { createGlobMatcher } from '../series/names/glob-matcher.js';
import { openDirectory } from '../writing/rolling/archive-directory.js';
import type { RollingWriteSettings } from '../writing/rolling-write-options.js';
import type { PartitionTemplate } from './partition-template.js';

/** The folders of partitions below one directory. */
export class PartitionFolders {
  readonly #directory: string;
  readonly #isCreated: boolean;
  readonly #files: FileLayer;
  readonly #template: PartitionTemplate;

  constructor(
    template: PartitionTemplate,
    {
      createDirectory,
      directory,
      files,
    }: Pick<RollingWriteSettings, 'createDirectory' | 'directory' | 'files'>,
  ) {
    this.#template = template;
    this.#directory = directory;
    this.#isCreated = createDirectory;
    this.#files = files;
  }

  /**
   * Checks the directory, or creates it if it may be created.
   *
   * @throws DirectoryError
   */
  async open(): Promise<void> {
    await openDirectory(this.#directory, this.#files, { isCreated: this.#isCreated });
  }

  pathOf(folder: string): string {
    return join(this.#directory, folder);
  }

  /**
   * Creates a folder and its parents, but never the directory itself, which may be an unmounted disk.
   *
   * @throws DirectoryError if there is no directory
   */
  async make(folder: string): Promise<void> {
    await this.open();
    await makeDirectory(this.#files, this.pathOf(folder));
  }

  /**
   * Removes a folder and its parents as far as they are empty. Another process may be about to write
   * into it: its file layer creates the folder again.
   */
  async removeEmpty(folder: string): Promise<void> {
    try {
      for (let path = folder; path !== '.'; path = dirname(path)) {
        await this.#files.rmdir?.(this.pathOf(path));
      }
    } catch {
      // It is not empty, or another process was faster. An empty folder does no harm.
    }
  }

  /** A file layer that creates the folder again if another process has just removed it. */
  filesFor(folder: string): FileLayer {
    const files = this.#files;
    const path = this.pathOf(folder);
    const again = async <T>(call: () => Promise<T>): Promise<T> => {
      try {
        return await call();
      } catch (error) {
        if (!isMissing(error)) throw error;
        await this.make(folder);
        return await call();
      }
    };
    return {
      open: (name, mode, permissions) => {
        const open = () => files.open(name, mode, permissions);
        return mode.startsWith('w') && dirname(name) === path ? again(open) : open();
      },
      stat: (name) => (name === path ? again(() => files.stat(name)) : files.stat(name)),
      readdir: (name) => (name === path ? again(() => files.readdir(name)) : files.readdir(name)),
      lstat: (name) => files.lstat(name),
      link: (existing, name) => files.link(existing, name),
      rename: (from, to) => files.rename(from, to),
      unlink: (name) => files.unlink(name),
      mkdir: (name) => files.mkdir(name),
      rmdir: async (name) => void (await files.rmdir?.(name)),
      syncDirectory: (name) => files.syncDirectory(name),
    };
  }

  /** The folders that the template can have made, one after the other. Follows no symbolic link. */
  async *find(): AsyncGenerator<string> {
    const isPartition = createGlobMatcher(this.#template.pattern);
    for await (const folder of this.#findAt('', this.#template.depth)) {
      if (isPartition(folder)) yield folder;
    }
  }

  async *#findAt(folder: string, depth: number): AsyncGenerator<string> {
    if (depth === 0) {
      yield folder;
      return;
    }
    for (const entry of await this.#list(folder)) {
      if (entry.isDirectory()) yield* this.#findAt(join(folder, entry.name), depth - 1);
    }
  }

  async #list(folder: string): ReturnType<FileLayer['readdir']> {
    try {
      return await this.#files.readdir(this.pathOf(folder));
    } catch (error) {
      // Another process has removed it.
      if (folder !== '' && isMissing(error)) return [];
      throw error;
    }
  }
}
