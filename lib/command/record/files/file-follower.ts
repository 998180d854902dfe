import { setTimeout } from 'node:timers/promises';

import { systemCodeOf } from '../../options/system-code.js';
import { identify } from './file-identity.js';
import { findPaths } from './file-paths.js';
import type { FoundFile } from './file-search.js';
import type { FollowState } from './follow-state.js';
import type { FollowedFile } from './followed-file.js';
import { type FollowContext, FollowedFiles } from './followed-files.js';
import { isCompressed, statusOf } from './neighbours.js';
import { openFile } from './read-range.js';
import { Rotation } from './rotation.js';

/** How often paths and files are looked at. */
const ROUND_MS = 250;

/** A rotated file that has not grown for so long is closed. */
const ROTATED_IDLE_MS = 5 * 60_000;

export interface FollowerOptions {
  /** Paths or globs. */
  readonly patterns: readonly string[];
  /** Whether to wait for more at the end of all files. */
  readonly isFollowing: boolean;
  readonly signal: AbortSignal;
  readonly state: FollowState;
  /** Waits for writers as long as the deadline allows. */
  readonly untilTaken: (taken: Promise<void>) => Promise<void>;
  readonly context: Omit<FollowContext, 'onChange'>;
}

/**
 * Archives the lines of files, each line once, wherever rotation takes the files: looks at the
 * paths in rounds, and continues each file where its archived lines end.
 */
export class FileFollower {
  readonly files: FollowedFiles;
  readonly #options: FollowerOptions;
  readonly #rotation: Rotation;
  /** The file at each path. */
  readonly #at = new Map<string, FollowedFile>();
  /** The inode at each path, as it was looked at last. */
  readonly #inodes = new Map<string, bigint | undefined>();
  /** The file at a path whose first line is not complete. */
  readonly #waiting = new Map<string, FoundFile>();
  /** Files that a glob matches and that are not archived: they are compressed, or copies. */
  readonly #passedOver = new Set<string>();
  /** Paths beside which a file is still being written. */
  readonly #unsettled = new Set<string>();
  /** Messages that were shown: each is shown once. */
  readonly #said = new Set<string>();
  #isFirst = true;
  #wake = () => {};

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.files = new FollowedFiles(options.state, {
      ...options.context,
      onChange: () => this.#wake(),
    });
    this.#rotation = new Rotation(this.files);
  }

  /**
   * Reads until the signal, or to the end of all files. Then all lines that were read are with
   * their writers.
   *
   * @returns the error that ended it
   */
  async run(): Promise<unknown> {
    const { isFollowing, signal } = this.#options;
    let failure: unknown;
    try {
      while (!signal.aborted && failure === undefined) {
        const changed = this.#nextChange();
        await this.#round();
        failure = this.files.failure;
        if (!isFollowing && this.#isAtEnd) break;
        await changed;
      }
    } catch (error) {
      failure = error;
    }
    await this.#options.untilTaken(this.files.stop()).catch((error: unknown) => {
      failure ??= error;
    });
    for (const { handle } of this.#waiting.values()) await handle.close();
    return failure ?? this.files.failure;
  }

  /** Settles at the end of a file, at the signal, or when the next round is due. */
  async #nextChange(): Promise<void> {
    const timer = new AbortController();
    const { signal } = this.#options;
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true, signal: timer.signal });
    });
    const due = setTimeout(ROUND_MS, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([woken, due]);
    timer.abort();
  }

  get #isAtEnd(): boolean {
    const isRead = this.files.all.every(({ hasChanged, isAtEnd }) => isAtEnd && !hasChanged);
    return isRead && this.#unsettled.size === 0;
  }

  async #round(): Promise<void> {
    const paths = await this.#findPaths();
    const isPath = (path: string) => paths.has(path);
    for (const [path, { isGlob }] of paths) await this.#lookAt(path, { isGlob, isPath });
    for (const path of this.#at.keys()) if (!isPath(path)) this.#leave(path);
    for (const path of this.#unsettled) {
      await this.#lookForChanges(path);
      await this.#takeUnknown(path, isPath);
    }
    for (const file of this.files.all) await this.#lookInto(file);
    this.files.restIdle();
    this.#isFirst = false;
  }

  async #findPaths(): Promise<Map<string, { readonly isGlob: boolean }>> {
    const found = new Map<string, { readonly isGlob: boolean }>();
    for (const pattern of this.#options.patterns) {
      const { isGlob, paths } = await findPaths(pattern, this.#isFirst, (path, reason) =>
        this.#say(`${path} ${reason}`),
      );
      for (const path of paths) if (!found.has(path)) found.set(path, { isGlob });
      const isNothing = isGlob && paths.length === 0;
      if (isNothing) this.#sayMissing(pattern);
    }
    return found;
  }

  async #lookAt(
    path: string,
    { isGlob, isPath }: { isGlob: boolean; isPath: (path: string) => boolean },
  ): Promise<void> {
    const status = await statusOf(path);
    const isOther = !this.#inodes.has(path) || this.#inodes.get(path) !== status?.ino;
    this.#inodes.set(path, status?.ino);
    if (isOther) {
      this.#leave(path);
      await this.#takeWaiting(path);
      await this.#lookForChanges(path);
      await this.#rotation.readRotated(path);
    }
    const file = status === undefined ? undefined : await this.#findNew(path, status, isGlob);
    const known = file && (await this.#resume(file, { isRotated: false }));
    // Older files come first. A copy of the file that was here is no longer unknown at this point.
    if (isOther) await this.#takeUnknown(path, isPath);
    if (status === undefined) this.#sayMissing(path);
    if (file === undefined) return;
    const followed = known ?? (await this.#begin(path, file, { isRotated: false }));
    if (followed === undefined) this.#waiting.set(path, file);
    else this.#arrive(path, followed);
  }

  /** The file at a path, if it is not followed or passed over already. */
  async #findNew(
    path: string,
    { ino, mtimeNs }: { readonly ino: bigint; readonly mtimeNs: bigint },
    isGlob: boolean,
  ): Promise<FoundFile | undefined> {
    if (this.#at.has(path)) return undefined;
    const known = this.files.find(String(ino));
    if (known !== undefined) {
      // It has come back, or a glob matches its new name; a second name of it is passed over.
      if (known.isRotated) this.#arrive(path, known);
      return undefined;
    }
    const key = `${path} ${ino} ${mtimeNs}`;
    if (this.#passedOver.has(key)) return undefined;
    const file = this.#waiting.get(path) ?? (await this.#open(path, isGlob));
    this.#waiting.delete(path);
    if (file === undefined || !isGlob || !(await this.#isNoSource(file))) return file;
    this.#passedOver.add(key);
    await file.handle.close();
    return undefined;
  }

  /** A file that had no whole line yet is not at its path any more. */
  async #takeWaiting(path: string): Promise<void> {
    const file = this.#waiting.get(path);
    if (file === undefined) return;
    this.#waiting.delete(path);
    const where = { isRotated: true };
    const followed = (await this.#resume(file, where)) ?? (await this.#begin(path, file, where));
    if (followed === undefined) await file.handle.close();
  }

  async #open(path: string, isGlob: boolean): Promise<FoundFile | undefined> {
    try {
      const file = await openFile(path);
      if (file === 'other' && !isGlob) {
        throw new Error(`${path} is no regular file: give its content to stdin`);
      }
      return file === undefined || file === 'other' ? undefined : { ...file, path };
    } catch (error) {
      const code = systemCodeOf(error);
      if (this.#isFirst || (code !== 'EACCES' && code !== 'EPERM')) throw error;
      // Rotation may have created it for its owner alone; that may be repaired.
      this.#say(`${path} cannot be read: ${code}`);
      return undefined;
    }
  }

  /** Continues a file of the state; undefined for any other file, and if its content differs. */
  async #resume(
    file: FoundFile,
    where: { readonly isRotated: boolean },
  ): Promise<FollowedFile | undefined> {
    const entry = await this.files.entryOf(file);
    if (entry === undefined) return undefined;
    const followed = await this.files.resume(entry, file, where);
    if (typeof followed !== 'string') return followed;
    await this.#rotation.leave(entry);
    return undefined;
  }

  /** Begins a new file; undefined if its first line is not complete. */
  async #begin(
    path: string,
    file: FoundFile,
    where: { readonly isRotated: boolean },
  ): Promise<FollowedFile | undefined> {
    const identity = await identify(file.handle, file.inode);
    return identity && (await this.files.begin(identity, path, file, where));
  }

  /** Whether a glob also matches what rotation has made of a file: a compressed one, or a copy. */
  async #isNoSource(file: FoundFile): Promise<boolean> {
    if (await isCompressed(file.handle)) return true;
    return (await this.files.entryOf(file)) === undefined && (await this.#rotation.isCopy(file));
  }

  #arrive(path: string, file: FollowedFile): void {
    file.path = path;
    file.isRotated = false;
    this.#at.set(path, file);
  }

  async #takeUnknown(path: string, isPath: (path: string) => boolean): Promise<void> {
    const found = await this.#rotation.takeUnknown(path, isPath);
    if (found === 'again') this.#unsettled.add(path);
    else this.#unsettled.delete(path);
  }

  /** Finds the copies of files that were truncated before files beside the path are taken as new. */
  async #lookForChanges(path: string): Promise<void> {
    for (const file of this.files.all) {
      if (file.entry.path === path && (await file.isTruncated())) await this.#readCopy(file);
    }
  }

  /** Its file is not at the path any more. */
  #leave(path: string): void {
    const file = this.#at.get(path);
    this.#at.delete(path);
    if (file !== undefined) file.isRotated = ![...this.#at.values()].includes(file);
  }

  async #lookInto(file: FollowedFile): Promise<void> {
    if (file.hasChanged) {
      await this.#readCopy(file);
      return;
    }
    const names = await file.look();
    const isIdle = performance.now() - file.grownMs > ROTATED_IDLE_MS;
    if (file.isRotated && file.isAtEnd && (names === 0 || isIdle)) this.files.finish(file);
  }

  /** A file was truncated: what is at its path now is a new one. */
  async #readCopy(file: FollowedFile): Promise<void> {
    for (const [path, at] of this.#at) {
      if (at !== file) continue;
      this.#at.delete(path);
      // It may have been copied and truncated more than once.
      this.#inodes.delete(path);
    }
    file.isRotated = true;
    if (!(await this.#rotation.readCopyOf(file))) await this.files.abandon(file);
  }

  /** @throws Error if nothing comes, because the command does not wait */
  #sayMissing(path: string): void {
    if (!this.#options.isFollowing) throw new Error(`nothing matches ${path}`);
    this.#say(`waiting for ${path}`);
  }

  #say(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.files.context.onNote(text);
  }
}
