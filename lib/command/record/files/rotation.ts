import { hasPrefixOf, identify, identifyAny } from './file-identity.js';
import {
  type FoundFile,
  findByIdentity,
  findCopies,
  type KnownContent,
  openCompressed,
  openNamed,
} from './file-search.js';
import type { FollowedEntry } from './follow-state.js';
import type { FollowedFile } from './followed-file.js';
import type { FollowedFiles } from './followed-files.js';
import type { MissedLines } from './missed-lines.js';
import { listNeighbours, type Neighbour } from './neighbours.js';
import { readTail, TAIL_BYTES } from './read-range.js';

/** A file that changed later may still be written by the program that rotates. */
const SETTLED_MS = 1000;

/** Finds where rotation has taken files, and reads them on. */
export class Rotation {
  readonly #files: FollowedFiles;

  constructor(files: FollowedFiles) {
    this.#files = files;
  }

  /** Reads files to their end that were followed at a path, and are not there any more. */
  async readRotated(path: string): Promise<void> {
    const known = this.#files.state.files.filter((entry) => entry.path === path);
    const left = known.filter((entry) => !this.#files.isOpen(entry));
    if (left.length === 0) return;
    const neighbours = await listNeighbours(path);
    for (const entry of left) await this.#find(entry, neighbours);
  }

  /**
   * Archives files that were at a path while the command did not run, or between two looks.
   * Does not archive files that are beside the path at its very first start.
   *
   * @param isPath whether a file is at a path of its own
   * @returns `again` if a file there is still being written, so that it must be looked at again
   */
  async takeUnknown(path: string, isPath: (path: string) => boolean): Promise<'done' | 'again'> {
    const { state } = this.#files;
    const neighbours = await listNeighbours(path);
    const isFirst = !state.knowsPath(path);
    let isUnsettled = false;
    for (const neighbour of neighbours) {
      if (!neighbour.isRotated || isPath(neighbour.path)) continue;
      if (await this.#isKnown(neighbour)) continue;
      if (isFirst) await this.#ignore(neighbour, path);
      else if (isUnsettledAt(neighbour.changedMs)) isUnsettled = true;
      else await this.#take(neighbour, path, neighbours);
    }
    if (isFirst) {
      state.addPath(path);
      await this.#files.save();
    }
    return isUnsettled ? 'again' : 'done';
  }

  /**
   * Reads on in the copy of a file that was truncated, if there is one.
   *
   * @returns false if there is none: what was not read is missed
   */
  async readCopyOf(file: FollowedFile): Promise<boolean> {
    const { context } = this.#files;
    const { entry, position } = file;
    const content = { ...entry, ...file.lastRead };
    const neighbours = await listNeighbours(entry.path);
    for await (const copy of this.#copiesOf(content, entry, neighbours)) {
      await file.switchTo(copy);
      await this.#files.save();
      return true;
    }
    await this.#ignoreCopiesOf(file, neighbours);
    const bytes = Math.max(0, entry.size - position.offset);
    const missed = { path: entry.path, line: position.line + 1, bytes };
    if (bytes > 0) context.onMissed({ ...missed, reason: 'truncated' });
    else context.onNote(`${entry.path} was truncated after its line ${position.line}`);
    return false;
  }

  /** Copies that are shorter than what was read: the file has grown before it was truncated. */
  async #ignoreCopiesOf(file: FollowedFile, neighbours: readonly Neighbour[]): Promise<void> {
    for (const neighbour of neighbours) {
      if (!neighbour.isRotated || (await this.#isKnown(neighbour))) continue;
      const copy = await openNamed(neighbour.path);
      const isCopied = copy !== undefined && (await file.isShorterCopy(copy));
      await copy?.handle.close();
      if (isCopied) await this.#ignore(neighbour, file.entry.path);
    }
  }

  /** Leaves an entry whose path has another content now: looks for a copy of what it was. */
  async leave(entry: FollowedEntry): Promise<void> {
    await this.#readCopy(entry, await listNeighbours(entry.path));
  }

  /** Whether a file is a copy, made by `copytruncate`, of one that is followed. */
  async isCopy(file: FoundFile): Promise<boolean> {
    return await this.#isCopyOfKnown(file, await listNeighbours(file.path));
  }

  async #isCopyOfKnown(file: FoundFile, neighbours: readonly Neighbour[]): Promise<boolean> {
    for (const entry of this.#files.state.files) {
      if (entry.inode === String(file.inode)) continue;
      if (!(await hasPrefixOf(file.handle, entry))) continue;
      if (await this.#isCopyOf(entry, file, neighbours)) return true;
    }
    return false;
  }

  /**
   * Whether a file ends with the bytes that the file of an entry has there. That is not enough for a
   * small file, which may have nothing but the first line of a program.
   */
  async #isCopyOf(
    entry: FollowedEntry,
    file: FoundFile,
    neighbours: readonly Neighbour[],
  ): Promise<boolean> {
    const { inode, path } = entry;
    const original = await findByIdentity(entry, [{ path, inode }, ...neighbours]);
    if (original === undefined) return false;
    try {
      if (file.size <= TAIL_BYTES && file.size !== original.size) return false;
      const tail = await readTail(file.handle, file.size);
      return tail.equals(await readTail(original.handle, file.size));
    } finally {
      await original.handle.close();
    }
  }

  /** Finds the file of an entry that is not at its path any more, and reads it to its end. */
  async #find(entry: FollowedEntry, neighbours: readonly Neighbour[]): Promise<void> {
    const { inode, path } = entry;
    const current = await findByIdentity(entry, [{ path, inode }]);
    await current?.handle.close();
    if (current !== undefined) return;
    const file = await findByIdentity(entry, neighbours);
    if (file === undefined) {
      await this.#readCopy(entry, neighbours);
      return;
    }
    const isRead = entry.isDone && file.size <= (entry.checkpoint?.offset ?? 0);
    const resumed = isRead ? 'other' : await this.#files.resume(entry, file, { isRotated: true });
    if (typeof resumed !== 'string') return;
    await file.handle.close();
    if (!isRead) await this.#reportMissing(entry, []);
  }

  async #readCopy(entry: FollowedEntry, neighbours: readonly Neighbour[]): Promise<void> {
    const { state } = this.#files;
    if (!entry.isDone) {
      // The last line that is archived is compared before the copy is read.
      const content = { ...entry, offset: entry.checkpoint?.offset ?? 0, tail: NOTHING };
      for await (const copy of this.#copiesOf(content, entry, neighbours)) {
        const resumed = await this.#files.resume(entry, copy, { isRotated: true });
        if (typeof resumed !== 'string') return;
        // It was made before the last lines were archived.
        const isCopied = resumed === 'shorter';
        if (isCopied) state.ignore(await identifyAny(copy.handle, copy.inode), entry.path);
        await copy.handle.close();
      }
    }
    await this.#reportMissing(entry, neighbours);
  }

  #copiesOf(
    content: KnownContent,
    entry: FollowedEntry,
    neighbours: readonly Neighbour[],
  ): AsyncGenerator<FoundFile> {
    const { files } = this.#files.state;
    return findCopies(content, neighbours, (inode) => {
      const isOther = files.some((other) => other !== entry && other.inode === inode);
      return isOther || inode === entry.inode || this.#files.find(inode) !== undefined;
    });
  }

  /** Reports what an entry has lost, unless it was read to its end. */
  async #reportMissing(entry: FollowedEntry, neighbours: readonly Neighbour[]): Promise<void> {
    const { context, state } = this.#files;
    const { offset = 0 } = entry.checkpoint ?? {};
    let [bytes, reason]: [number, MissedLines['reason']] = [entry.size - offset, 'gone'];
    for (const neighbour of neighbours.filter(({ isRotated }) => isRotated)) {
      const content = await openCompressed(neighbour);
      if (content === undefined || content === 'unknown' || !content.hasPrefix(entry)) continue;
      [bytes, reason] = [content.bytes - offset, 'compressed'];
      await this.#ignore(neighbour, entry.path);
      break;
    }
    if (!entry.isDone) {
      const last = await this.#files.lastOf(entry);
      const line = Math.max(entry.checkpoint?.line ?? 0, last?.line ?? 0);
      if (bytes > 0) context.onMissed({ path: entry.path, line: line + 1, bytes, reason });
      else context.onNote(`${entry.path}: the file that was read up to line ${line} is ${reason}`);
    }
    state.remove(entry);
    await this.#files.save();
  }

  /** Whether a file beside a path was looked at before. */
  async #isKnown({ inode, path }: Neighbour): Promise<boolean> {
    const { state } = this.#files;
    if (this.#files.find(inode) !== undefined) return true;
    for (const identity of [...state.files, ...state.ignored]) {
      if (identity.inode !== inode) continue;
      // The system may have given the number to another file.
      const file = await findByIdentity(identity, [{ path, inode }]);
      await file?.handle.close();
      if (file !== undefined) return true;
    }
    return false;
  }

  /** Archives a file that was at a path while no process looked. */
  async #take(neighbour: Neighbour, path: string, neighbours: readonly Neighbour[]): Promise<void> {
    const { context, state } = this.#files;
    const content = await openCompressed(neighbour);
    if (content !== undefined) {
      const known = [...state.files, ...state.ignored];
      const isKnown = content !== 'unknown' && known.some((each) => content.hasPrefix(each));
      await this.#ignore(neighbour, path);
      const missed = { path: neighbour.path, line: 1, reason: 'compressed' } as const;
      const bytes = content === 'unknown' ? neighbour.size : content.bytes;
      if (!isKnown) context.onMissed({ ...missed, bytes });
      return;
    }
    const file = await openNamed(neighbour.path);
    if (file === undefined) return;
    const isCopied = await this.#isCopyOfKnown(file, neighbours);
    const identity = isCopied ? undefined : await identify(file.handle, file.inode);
    if (identity !== undefined) {
      await this.#files.begin(identity, path, file, { isRotated: true });
      return;
    }
    await file.handle.close();
    if (isCopied) await this.#ignore(neighbour, path);
  }

  async #ignore(neighbour: Neighbour, path: string): Promise<void> {
    const file = await openNamed(neighbour.path);
    if (file === undefined) return;
    this.#files.state.ignore(await identifyAny(file.handle, file.inode), path);
    await file.handle.close();
    await this.#files.save();
  }
}

/** A time to come is that of a wrong clock. */
function isUnsettledAt(changedMs: number): boolean {
  const ageMs = Date.now() - changedMs;
  return ageMs >= 0 && ageMs < SETTLED_MS;
}

const NOTHING = Buffer.alloc(0);
