import { type FileLayer, nodeFileLayer, type OpenFile } from '../../lib/files/file-layer.js';

/**
 * Called before each call; where it throws, the call fails.
 *
 * @param n which call it is, counted from 1
 */
export type CallHook = (call: string, path: string, n: number) => void | Promise<void>;

/** The file system, with a hook before each call, and a count of the files that are open. */
export class TestDisk {
  /** Files that were opened, and not closed. */
  openFiles = 0;
  /** The calls so far. */
  readonly calls: string[] = [];
  /** Bytes that were written. */
  writtenBytes = 0;
  readonly files: FileLayer;
  /** Whether a call that the hook makes fail has its effect all the same; of a write, half of it. */
  failsDone = false;
  /** Whether calls for leases are counted, and may fail, too: for specs of what comes of that. */
  countsLeases = false;
  #hook: CallHook;

  constructor(hook: CallHook = () => {}) {
    this.#hook = hook;
    const call = async <T>(name: string, path: string, go: () => Promise<T>): Promise<T> => {
      await this.#ask(name, path, name === 'open' ? undefined : go);
      return go();
    };
    this.files = {
      open: (path, mode) =>
        call('open', path, async () => this.#watch(await nodeFileLayer.open(path, mode), path)),
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

  /** @param go what a call does, also where it fails all the same */
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
      if (!isOpen) throw new Error(`${name} of ${path}, which is closed`);
      await this.#ask(name, path, failing);
      return go();
    };
    return {
      write: (bytes, offset, length, position) =>
        call(
          'write',
          async () => {
            const result = await file.write(bytes, offset, length, position);
            this.writtenBytes += result.bytesWritten;
            return result;
          },
          () => file.write(bytes, offset, length >> 1, position),
        ),
      read: (...args) => call('read', () => file.read(...args)),
      datasync: () => call('datasync', () => file.datasync()),
      sync: () => call('sync', () => file.sync()),
      truncate: (length) => call('truncate', () => file.truncate(length)),
      stat: () => call('stat', () => file.stat()),
      // Not counted: leases are renewed whenever the system's clock says so.
      utimes: (accessed, changed) => file.utimes(accessed, changed),
      close: async () => {
        if (!isOpen) throw new Error(`close of ${path}, which is closed`);
        isOpen = false;
        this.openFiles--;
        // As on Linux: the descriptor is gone, also where closing fails.
        await file.close();
        await this.#ask('close', path);
      },
    };
  }
}

export function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: something went wrong, ${syscall}`), { code, syscall });
}

/** A door that calls wait at until they are let through. */
export class Gate {
  #isOpen = false;
  #waiting: (() => void)[] = [];

  /** How many wait. */
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
