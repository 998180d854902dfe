import { createHash } from 'node:crypto';

import type { SealedArchive } from '../../../index.js';
import { type FileIdentity, hasPrefixOf } from './file-identity.js';
import type { FoundFile } from './file-search.js';
import type { FollowedEntry, FollowState } from './follow-state.js';
import { FollowedFile, type FollowedFileContext } from './followed-file.js';
import { FILE_START, findPosition, type LastLine, type LinePosition } from './line-position.js';
import type { MissedLines } from './missed-lines.js';
import { readTail } from './read-range.js';
import { isDiskFull, waitForRoom } from './wait-for-room.js';

/** A line that is archived. */
export interface ArchivedLine extends LastLine {
  /** Whether its archive is sealed, so that no power loss can take it. */
  readonly isSealed: boolean;
}

/** Functions of the run that following files needs. */
export interface FollowContext extends FollowedFileContext {
  /**
   * The last line that is archived of a writer.
   *
   * @param writer 16 hex digits
   * @param where whether to look in the store as well
   */
  readonly findLast: (
    writer: string,
    where: 'directory' | 'everywhere',
  ) => Promise<ArchivedLine | undefined>;
  /** The last line of an archive that was sealed. */
  readonly lastLineOf: (archive: SealedArchive) => Promise<LastLine | undefined>;
  /** Aborts when the run must end. */
  readonly signal: AbortSignal;
  readonly onMissed: (missed: MissedLines) => void;
  /** Says something to the user. */
  readonly onNote: (text: string) => void;
  /** Called before a checkpoint: what was not archived before it must be as safe. */
  readonly beforeCheckpoint: () => void;
}

/** If there are more writers, those whose files do not grow are closed. */
const MOST_WRITERS = 64;

/** The files that are open, and what the state says about them. */
export class FollowedFiles {
  readonly state: FollowState;
  readonly context: FollowContext;
  readonly #files = new Set<FollowedFile>();
  readonly #ending = new Set<Promise<void>>();

  constructor(state: FollowState, context: FollowContext) {
    this.state = state;
    this.context = context;
  }

  get all(): readonly FollowedFile[] {
    return [...this.#files];
  }

  /** Why a file cannot be read on, if so. */
  get failure(): unknown {
    const failed = this.all.find(({ failure }) => failure !== undefined);
    if (failed === undefined) return undefined;
    const { failure, path } = failed;
    return new Error(`${path}: ${failure instanceof Error ? failure.message : failure}`, {
      cause: failure,
    });
  }

  find(inode: string): FollowedFile | undefined {
    return this.all.find((file) => String(file.inode) === inode);
  }

  isOpen(entry: FollowedEntry): boolean {
    return this.all.some((file) => file.entry === entry);
  }

  /** Gives up a file of which no more can be read. */
  async abandon(file: FollowedFile): Promise<void> {
    file.entry.isDone = true;
    // Another file is at its path now, even if it begins with the same bytes.
    file.entry.inode = '';
    await file.rest();
    this.#files.delete(file);
    await file.close();
    await this.save();
  }

  /** The entry of a file in the state: the last one of those with its identity. */
  async entryOf({ handle, inode }: FoundFile): Promise<FollowedEntry | undefined> {
    for (const entry of this.state.files.toReversed()) {
      if (entry.inode === String(inode) && (await hasPrefixOf(handle, entry))) return entry;
    }
    return undefined;
  }

  /**
   * Continues a file where its archived lines end, after comparing the last of them.
   *
   * @returns as `findPosition`, if it cannot be continued
   */
  async resume(
    entry: FollowedEntry,
    file: FoundFile,
    where: { readonly isRotated: boolean },
  ): Promise<FollowedFile | 'other' | 'shorter'> {
    const last = await this.lastOf(entry);
    const position = await findPosition(file.handle, last, entry.checkpoint);
    if (typeof position === 'string') return position;
    entry.inode = String(file.inode);
    return await this.#open(entry, file, position, where);
  }

  /** Begins a file that is not known. */
  async begin(
    identity: FileIdentity,
    path: string,
    file: FoundFile,
    where: { readonly isRotated: boolean },
  ): Promise<FollowedFile> {
    for (;;) {
      const entry = this.state.add(identity, path, file);
      const position = await this.#findBegin(entry, file);
      if (typeof position === 'string') {
        // The series holds lines of another file with this identity.
        entry.isDone = true;
        continue;
      }
      // On disk before the first record: a later start must recognise the file.
      await this.save();
      return await this.#open(entry, file, position, where);
    }
  }

  /** Where to begin: further on only if the state was lost, and the series holds lines of the file. */
  async #findBegin(entry: FollowedEntry, file: FoundFile): ReturnType<typeof findPosition> {
    try {
      const last = await this.context.findLast(writerOf(entry.source), 'everywhere');
      return await findPosition(file.handle, last, undefined);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.context.onNote(`${file.path}: the store does not say what it holds: ${reason}`);
      // A writer that no earlier file can have had.
      this.state.rename(entry);
      return FILE_START;
    }
  }

  /** Closes a file that was rotated, unless it has grown when its writer is closed. */
  finish(file: FollowedFile): void {
    if (file.isResting) return;
    const ending = this.#finish(file).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  /** Closes writers of files that have not grown for longest, if there are too many. */
  restIdle(): void {
    const reading = this.all.filter(({ isReading, isResting }) => isReading && !isResting);
    const idle = reading.filter(({ isAtEnd }) => isAtEnd).sort((a, b) => a.grownMs - b.grownMs);
    for (const file of idle.slice(0, Math.max(0, reading.length - MOST_WRITERS))) void file.rest();
  }

  /**
   * An archive was sealed, also one that a crash had left, and will be shipped after this. From then
   * on only the state may say what it holds.
   */
  async sealed(archive: SealedArchive): Promise<void> {
    const entry = this.state.files.find(({ source }) => writerOf(source) === archive.writer);
    if (entry === undefined) return;
    const last = await this.context.lastLineOf(archive);
    if (last === undefined || last.line <= (entry.last?.line ?? 0)) return;
    this.context.beforeCheckpoint();
    entry.last = last;
    const checkpoint = this.all.find((file) => file.entry === entry)?.checkpointUpTo(last.line);
    if ((checkpoint?.line ?? 0) > (entry.checkpoint?.line ?? 0)) entry.checkpoint = checkpoint;
    try {
      await this.state.save();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      // Shipping makes room, so it must not wait for that. The next seal saves this, too.
    }
  }

  /** Saves the state, and waits if the disk is full. */
  async save(): Promise<void> {
    await waitForRoom(() => this.state.save(), this.context);
  }

  /** The last line of a file that is archived, as far as the directory and the state say. */
  async lastOf(entry: FollowedEntry): Promise<LastLine | undefined> {
    const found = await this.context.findLast(writerOf(entry.source), 'directory');
    if (found === undefined || found.line <= (entry.last?.line ?? 0)) return entry.last;
    const { isSealed, ...last } = found;
    if (isSealed) {
      // A crash came between its seal and the state, and it may be shipped at any time.
      entry.last = last;
      await this.save();
    }
    return last;
  }

  /** Takes no more lines. */
  async stop(): Promise<void> {
    await Promise.all([...this.#ending, ...this.all.map((file) => file.stop())]);
  }

  /** Call this when all writers are closed, so that everything that was read is sealed. */
  async close(ended: 'all is sealed' | 'failed'): Promise<void> {
    for (const file of this.all) {
      const isRead = !file.hasChanged && file.failure === undefined;
      if (ended === 'all is sealed' && isRead) {
        file.entry.checkpoint = file.checkpoint;
      }
      await file.close();
    }
    try {
      await this.state.save();
    } catch (error) {
      // The archives tell the next start enough.
      if (!isDiskFull(error)) throw error;
    }
  }

  async #finish(file: FollowedFile): Promise<void> {
    const { entry } = file;
    const read = file.offset;
    await file.rest();
    const { names, size } = await file.status();
    if (file.failure !== undefined || size > read) return;
    entry.checkpoint = file.checkpoint;
    entry.isDone = true;
    const { line, offset } = file.position;
    // A line whose end will never come.
    if (names === 0 && size > offset) {
      const rest = { path: entry.path, line: line + 1, bytes: size - offset };
      this.context.onMissed({ ...rest, reason: 'gone' });
    }
    this.#files.delete(file);
    await file.close();
    await this.save();
  }

  async #open(
    entry: FollowedEntry,
    file: FoundFile,
    position: LinePosition,
    where: { readonly isRotated: boolean },
  ): Promise<FollowedFile> {
    entry.isDone = false;
    const tail = await readTail(file.handle, position.offset);
    const start = { ...position, tail };
    const followed = new FollowedFile(entry, { ...file, ...where }, start, this.context);
    this.#files.add(followed);
    return followed;
  }
}

/** The id of the writer that a text names: 16 hex digits. */
export function writerOf(source: string): string {
  return createHash('sha256').update(source).digest('hex').slice(0, 16);
}
