import { hasPrefixOf, identify, identifyAny } from './file-identity.js';
import {
  type FoundFile,
  findByIdentity,
  findCopies,
  isCopy,
  type KnownContent,
  openCompressed,
  openNamed,
} from './file-search.js';
import type { FollowedEntry } from './follow-state.js';
import type { FollowedFile } from './followed-file.js';
import { type FollowedFiles, writerOf } from './followed-files.js';
import { isStillRight } from './line-position.js';
import type { MissedLines } from './missed-lines.js';
import { listNeighbours, type Neighbour } from './neighbours.js';
import { readTail } from './read-range.js';

/** A file that changed later may still be written by the program that rotates. */
const SETTLED_MS = 1000;

/** Finds where rotation has taken files, and reads them on. */
export class Rotation {
  readonly #files: FollowedFiles;

  constructor(files: FollowedFiles) {
    this.#files = files;
  }

  /**
   * Looks beside a path for files that were followed there, and for those that were there while
   * no process looked. What lies there when the path is seen for the first time is not archived.
   *
   * @param isPath whether a file is at a path of its own
   * @returns `again` if a file there is still being written, so that it must be looked at again
   */
  async lookBeside(path: string, isPath: (path: string) => boolean): Promise<'done' | 'again'> {
    const { state } = this.#files;
    const neighbours = await listNeighbours(path);
    for (const entry of state.files.filter((known) => known.path === path)) {
      if (!this.#files.isOpen(entry)) await this.#find(entry, neighbours);
    }
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
      await state.save();
    }
    return isUnsettled ? 'again' : 'done';
  }

  /**
   * Reads on in the copy of a file that was truncated, if there is one.
   *
   * @returns false if there is none: what was not read is missed
   */
  async readCopyOf(file: FollowedFile): Promise<boolean> {
    const { context, state } = this.#files;
    const { entry, offset, position, tail } = file;
    const content = { ...entry, offset, tail };
    const neighbours = await listNeighbours(entry.path);
    for await (const copy of this.#copiesOf(content, entry, neighbours)) {
      await file.switchTo(copy);
      await state.save();
      return true;
    }
    const bytes = Math.max(0, entry.size - position.offset);
    const missed = { path: entry.path, line: position.line + 1, bytes };
    if (bytes > 0) context.onMissed({ ...missed, reason: 'truncated' });
    else context.onNote(`${entry.path} was truncated after its line ${position.line}`);
    return false;
  }

  /** Leaves an entry whose path has another content now: looks for a copy of what it was. */
  async leave(entry: FollowedEntry): Promise<void> {
    await this.#readCopy(entry, await listNeighbours(entry.path));
  }

  /** Whether a file is a copy of one that is known, as `copytruncate` makes it. */
  async isCopy(file: FoundFile): Promise<boolean> {
    return await this.#isCopyOfKnown(file, await listNeighbours(file.path));
  }

  async #isCopyOfKnown(file: FoundFile, neighbours: readonly Neighbour[]): Promise<boolean> {
    const inode = String(file.inode);
    for (const { entry, offset, tail } of this.#files.all) {
      if (entry.inode === inode || file.size < offset) continue;
      if (await isCopy(file, { ...entry, offset, tail })) return true;
    }
    for (const entry of this.#files.state.files) {
      if (entry.inode === inode || !(await hasPrefixOf(file.handle, entry))) continue;
      const { checkpoint } = entry;
      if (checkpoint !== undefined && (await isStillRight(file.handle, checkpoint))) return true;
      if (await this.#isCopyOf(entry, file, neighbours)) return true;
    }
    return false;
  }

  /** Whether a file ends with the bytes that the file of an entry has there. */
  async #isCopyOf(
    entry: FollowedEntry,
    file: FoundFile,
    neighbours: readonly Neighbour[],
  ): Promise<boolean> {
    const { inode, path } = entry;
    const original = await findByIdentity(entry, [{ path, inode }, ...neighbours]);
    if (original === undefined) return false;
    try {
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
    if (!isRead && (await this.#files.resume(entry, file, { isRotated: true }))) return;
    await file.handle.close();
    if (!isRead) await this.#reportMissing(entry, []);
  }

  async #readCopy(entry: FollowedEntry, neighbours: readonly Neighbour[]): Promise<void> {
    if (!entry.isDone) {
      // The last line that is archived is compared before the copy is read.
      const content = { ...entry, offset: entry.checkpoint?.offset ?? 0, tail: NOTHING };
      for await (const copy of this.#copiesOf(content, entry, neighbours)) {
        if (await this.#files.resume(entry, copy, { isRotated: true })) return;
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
      const last = await context.findLast(writerOf(entry.source), 'directory');
      const line = Math.max(entry.checkpoint?.line ?? 0, last?.line ?? 0);
      if (bytes > 0) context.onMissed({ path: entry.path, line: line + 1, bytes, reason });
      else context.onNote(`${entry.path}: the file that was read up to line ${line} is ${reason}`);
    }
    state.remove(entry);
    await state.save();
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
    await this.#files.state.save();
  }
}

/** A time to come is that of a wrong clock. */
function isUnsettledAt(changedMs: number): boolean {
  const ageMs = Date.now() - changedMs;
  return ageMs >= 0 && ageMs < SETTLED_MS;
}

const NOTHING = Buffer.alloc(0);
