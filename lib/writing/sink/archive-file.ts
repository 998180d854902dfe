import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { readRange } from '../../files/read-range.js';
import { sha256OfRange } from '../../files/sha256.js';
import { systemCodeOf } from '../../files/system-error.js';
import { writeAll } from '../../files/write-all.js';
import { monotonicMs } from '../../format/timers.js';
import { SUSPECT_SUFFIX } from '../../series/names/archive-state.js';
import { ArchiveDigest } from './archive-digest.js';
import { ArchivePath } from './archive-path.js';
import { cutTornTail } from './cut-torn-tail.js';
import type { DiskFigures } from './disk-figures.js';
import { type FileFault, FileFaultError } from './file-fault.js';
import { FileGuard } from './file-guard.js';

/** How far a file is written. */
export interface FileMark {
  readonly bytes: number;
  /** SHA-256 of these bytes. Must be called before the file is closed. */
  sha256(): Promise<Buffer>;
  /**
   * SHA-256 of these bytes as they were given to `append`, whatever the file holds now; null if it
   * was lost with the thread that computed it.
   */
  givenSha256(): Promise<Buffer | null>;
}

interface TornAppend {
  readonly bytes: Buffer;
  /** How many of them are in the file as whole frames. */
  readonly wholeBytes: number;
}

/**
 * An archive's file, from its creation to its sealing. A failed call may be repeated and then
 * continues where it failed, unless it has set `fault`: then the file must be replaced.
 */
export class ArchiveFile {
  /** Bytes of the appends that succeeded. */
  bytes = 0;
  readonly #path: ArchivePath;
  readonly #file: OpenFile;
  readonly #figures: DiskFigures;
  readonly #digest = new ArchiveDigest();
  readonly #guard: FileGuard;
  #fault: FileFault | null = null;
  #cause: unknown;
  /** The append that failed, whose bytes may follow `bytes` in the file. */
  #torn: TornAppend | null = null;
  /** SHA-256 of the whole file, once it is finished. */
  #sha256: Buffer | null = null;
  #isClosed = false;

  /** Creates `NAME.open`, or `.open` with an alternative name. */
  static async create(
    directory: string,
    name: string,
    files: FileLayer,
    figures: DiskFigures,
  ): Promise<ArchiveFile> {
    const { file, path } = await ArchivePath.create(directory, name, files);
    return new ArchiveFile(path, file, figures);
  }

  private constructor(path: ArchivePath, file: OpenFile, figures: DiskFigures) {
    this.#path = path;
    this.#file = file;
    this.#figures = figures;
    this.#guard = new FileGuard(path.openPath, file, () => this.#isIntact());
  }

  /** The archive's name while open, without `.open`. */
  get name(): string {
    return this.#path.name;
  }

  /** The path of the file until it is sealed. */
  get openPath(): string {
    return this.#path.openPath;
  }

  get fault(): FileFault | null {
    return this.#fault;
  }

  /** The first failure that set `fault`. */
  get cause(): unknown {
    return this.#cause;
  }

  /** Marks the end of the appends so far. */
  mark(): FileMark {
    const whole = this.#sha256;
    const { bytes } = this;
    if (whole !== null) return { bytes, sha256: async () => whole, givenSha256: async () => whole };
    const digest = this.#digest.snapshot();
    return {
      bytes,
      sha256: () => digest().catch(() => this.#digestAgain(bytes)),
      givenSha256: () => digest().catch(() => null),
    };
  }

  /** SHA-256 of all bytes so far and of `more`, which is not appended. */
  async sha256With(more: Buffer): Promise<Buffer> {
    const { bytes } = this;
    return await this.#digest.digestWith(more).catch(() => this.#digestAgain(bytes, more));
  }

  /**
   * Appends all of `bytes`. A call that fails leaves only whole frames of them in the file. If the
   * next call has the same bytes, it continues after these; otherwise it cuts them off first.
   *
   * @param onAppended called as soon as `mark` includes the bytes: no sync can begin in between
   * @throws FileFaultError if another program has changed the file
   */
  async append(bytes: Buffer, onAppended?: () => void): Promise<void> {
    await this.#orFault(() => this.#guard.checkIdle());
    if (this.#torn?.bytes !== bytes) await this.#dropTorn();
    const begin = this.#torn?.wholeBytes ?? 0;
    this.#guard.begin();
    try {
      await writeAll(this.#file, bytes.subarray(begin), this.bytes + begin);
      await this.#orFault(() => this.#guard.appended(bytes));
    } catch (error) {
      if (error instanceof FileFaultError) throw error;
      // The error may be about pages that were written long ago.
      if (systemCodeOf(error) === 'EIO') this.#setFault('suspect', error);
      this.#torn = { bytes, wholeBytes: await cutTornTail(this.#file, this.bytes, bytes) };
      throw error;
    }
    this.#torn = null;
    this.#digest.update(bytes);
    this.bytes += bytes.length;
    onAppended?.();
  }

  /** Settles when the appended buffers may be changed; null if they may be changed now. */
  get hashed(): Promise<void> | null {
    return this.#digest.hashed;
  }

  /** Makes all bytes so far survive a power loss. The first call also syncs the file's name. */
  async datasync(): Promise<void> {
    const { tail } = this.#guard;
    await this.#orSuspect(() => this.#file.datasync());
    await this.#orFault(async () => {
      await this.#checkPath();
      await this.#guard.check(tail);
    });
    await this.#path.syncName();
    await this.hashed;
  }

  /** Makes all bytes and the file's name survive a power loss. No append may follow. */
  async finish(): Promise<void> {
    if (this.#sha256 !== null) return;
    await this.#dropTorn();
    await this.#orSuspect(() => this.#file.sync());
    await this.#orFault(async () => {
      await this.#checkPath();
      await this.#guard.checkWhole();
    });
    // Receipts report `synced` before the file has its final name.
    await this.#path.syncName();
    this.#sha256 = await this.mark().sha256();
  }

  /**
   * Gives the finished file its final name, and closes it.
   *
   * @returns the name it got, which is an alternative if `name` is taken
   */
  async takeName(name: string): Promise<string> {
    // Close it last: if another program has moved it, its content must be read back.
    const taken = await this.#orFault(() => this.#path.moveTo(name));
    await this.#close();
    await this.#path.release();
    return taken;
  }

  /**
   * Reads the first `bytes` bytes. Ends early at the end of the file, or where the system cannot
   * read it.
   */
  async *readBack(bytes: number): AsyncGenerator<Buffer> {
    try {
      yield* readRange(this.#file, 0, bytes);
    } catch {
      // The caller compares digests, so that missing bytes are as bad as wrong ones.
    }
  }

  /** Marks the file `unreadable`: `readBack` returned other bytes than were synced. */
  distrust(): void {
    this.#fault = 'unreadable';
  }

  /**
   * Closes a file that another one has replaced. Renames it to `NAME.suspect` unless it must be
   * recovered.
   */
  async setAside(): Promise<void> {
    if (this.#fault === 'suspect') {
      if (await this.#isEmpty()) await this.#path.remove();
      else await this.#path.moveAside(SUSPECT_SUFFIX);
    }
    await this.leave();
  }

  /** Closes the file and gives its lease back. It stays as it is, under its name while open. */
  async leave(): Promise<void> {
    try {
      await this.#close();
    } finally {
      await this.#path.release();
    }
  }

  /** As `leave`, but removes an empty file. */
  async abandon(): Promise<void> {
    try {
      if (await this.#isEmpty()) await this.#path.remove();
    } finally {
      await this.leave();
    }
  }

  /** Removes the file, and closes it. */
  async discard(): Promise<void> {
    await this.#path.remove();
    await this.leave();
  }

  async #dropTorn(): Promise<void> {
    if (this.#torn === null) return;
    await this.#file.truncate(this.bytes);
    this.#torn = null;
    this.#guard.end();
  }

  /**
   * After a failed sync, a second one would succeed: the system forgets the pages it could not
   * write.
   */
  async #orSuspect(sync: () => Promise<void>): Promise<void> {
    const { bytes, openPath } = this;
    const begunMs = monotonicMs();
    try {
      await sync();
      this.#figures.synced(openPath, bytes, monotonicMs() - begunMs);
    } catch (error) {
      this.#figures.synced(openPath, bytes, monotonicMs() - begunMs, { error });
      this.#setFault('suspect', error);
      throw error;
    }
  }

  /** Remembers the fault that a check has found. */
  async #orFault<T>(check: () => Promise<T>): Promise<T> {
    try {
      return await check();
    } catch (error) {
      if (error instanceof FileFaultError) this.#setFault(error.fault, error);
      throw error;
    }
  }

  #setFault(fault: FileFault, cause: unknown): void {
    this.#fault = fault;
    this.#cause ??= cause;
  }

  async #checkPath(): Promise<void> {
    if ((await this.#path.check()) === 'touched') this.#guard.forgetTime();
  }

  /** Whether the file holds the bytes that were appended; true if their digest is lost. */
  async #isIntact(): Promise<boolean> {
    const { bytes } = this;
    const given = await this.mark().givenSha256();
    if (given === null) return true;
    const found = await sha256OfRange(this.#file, { start: 0, end: bytes });
    return found?.equals(given) ?? false;
  }

  async #isEmpty(): Promise<boolean> {
    if (this.#isClosed) return false;
    // `bytes` would not do: a failed write may have left bytes in the file, which must not be
    // deleted.
    const { size } = await this.#file.stat().catch(() => ({ size: Number.NaN }));
    return size === 0;
  }

  /** Reads the file to compute a digest that was lost with its thread. */
  async #digestAgain(bytes: number, more?: Buffer): Promise<Buffer> {
    const sha256 = await sha256OfRange(this.#file, { start: 0, end: bytes }, more);
    if (sha256 !== null) return sha256;
    throw new FileFaultError('unreadable', `${this.openPath} was cut short`);
  }

  /**
   * Closes once, even if closing fails: the descriptor may belong to another file by the next call.
   */
  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#digest.release();
    await this.#file.close();
  }
}
