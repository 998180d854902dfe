import { type FileLayer, nodeFileLayer, type OpenFile } from '../../lib/files/file-layer.js';

/**
 * Called before each system call. If it throws, the call fails with that error.
 *
 * @param n the number of the call, from 1
 */
export type CallHook = (call: string, path: string, n: number) => void | Promise<void>;

/** The file system with a hook before each call. Counts open files. */
export class TestDisk {
  /** How many files are open. */
  openFiles = 0;
  /** The names of all calls so far, in order. */
  readonly calls: string[] = [];
  /** How many bytes were written. */
  writtenBytes = 0;
  readonly files: FileLayer;
  /**
   * Whether a call that the hook makes fail has its effect nevertheless; a write has half of it.
   */
  failsDone = false;
  /** Whether the calls for leases are counted and may fail as well. */
  countsLeases = false;
  #hook: CallHook;

  constructor(hook: CallHook = () => {}) {
    this.#hook = hook;
    const call = async <T>(name: string, path: string, go: () => Promise<T>): Promise<T> => {
      await this.#ask(name, path, name === 'open' ? undefined : go);
      return go();
    };
    this.files = {
      open: (path, mode, permissions) =>
        call('open', path, async () =>
          this.#watch(await nodeFileLayer.open(path, mode, permissions), path),
        ),
      stat: (path) => call('stat', path, () => nodeFileLayer.stat(path)),
      lstat: (path) => call('lstat', path, () => nodeFileLayer.lstat(path)),
      readdir: (path) => call('readdir', path, () => nodeFileLayer.readdir(path)),
      link: (existing, path) => call('link', path, () => nodeFileLayer.link(existing, path)),
      rename: (from, path) => call('rename', path, () => nodeFileLayer.rename(from, path)),
      unlink: (path) => call('unlink', path, () => nodeFileLayer.unlink(path)),
      mkdir: (path) => call('mkdir', path, () => nodeFileLayer.mkdir(path)),
      syncDirectory: (path) => call('syncDirectory', path, () => nodeFileLayer.syncDirectory(path)),
    };
  }

  set hook(hook: CallHook) {
    this.#hook = hook;
  }

  /** @param go makes the real call, which may have its effect although the hook makes it fail */
  async #ask(name: string, path: string, go?: () => Promise<unknown>): Promise<void> {
    if (path.endsWith('.lock') && !this.countsLeases) return;
    const n = this.calls.push(name);
    try {
      await this.#hook(name, path, n);
    } catch (error) {
      if (this.failsDone) await go?.().catch(() => undefined);
      throw error;
    }
  }

  #watch(file: OpenFile, path: string): OpenFile {
    this.openFiles++;
    let isOpen = true;
    const call = async <T>(name: string, go: () => Promise<T>, failing = go): Promise<T> => {
      if (!isOpen) throw new Error(`${name} of ${path} after close`);
      await this.#ask(name, path, failing);
      return go();
    };
    return {
      write: (bytes, offset, length, position) =>
        call(
          'write',
          async () => {
            const result = await file.write(bytes, offset, length, position);
            if (!path.endsWith('.lock')) this.writtenBytes += result.bytesWritten;
            return result;
          },
          () => file.write(bytes, offset, length >> 1, position),
        ),
      read: (...args) => call('read', () => file.read(...args)),
      datasync: () => call('datasync', () => file.datasync()),
      sync: () => call('sync', () => file.sync()),
      truncate: (length) => call('truncate', () => file.truncate(length)),
      stat: () => call('stat', () => file.stat()),
      // Not counted: the system's clock decides when leases are renewed.
      utimes: (accessed, changed) => file.utimes(accessed, changed),
      close: async () => {
        if (!isOpen) throw new Error(`close of ${path} after close`);
        isOpen = false;
        this.openFiles--;
        // As on Linux: the descriptor is gone even when closing fails.
        await file.close();
        await this.#ask('close', path);
      },
    };
  }
}

export function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: something went wrong, ${syscall}`), { code, syscall });
}

/** A gate at which calls wait until they are let through. */
export class Gate {
  #isOpen = false;
  #waiting: (() => void)[] = [];

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  async pass(): Promise<void> {
    if (this.#isOpen) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  letOne(): void {
    this.#waiting.shift()?.();
  }

  open(): void {
    this.#isOpen = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
