import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { sha256OfRange } from '../../files/sha256.js';
import { systemCodeOf } from '../../files/system-error.js';
import { writeAll } from '../../files/write-all.js';
import { SUSPECT_SUFFIX } from '../../series/names/archive-state.js';
import { ArchiveDigest } from './archive-digest.js';
import { ArchivePath } from './archive-path.js';
import { type FileFault, FileFaultError } from './file-fault.js';
import { wholeFrameBytes } from './whole-frame-bytes.js';

/** How far a file is written. */
export interface FileMark {
  readonly bytes: number;
  /** Of so many bytes; to be asked before the file is closed. */
  sha256(): Promise<Buffer>;
  /** Of the bytes as they were given, whatever is in the file; null where that is not known any more. */
  givenSha256(): Promise<Buffer | null>;
}

interface TornAppend {
  readonly bytes: Buffer;
  /** How many of them are whole blocks that are in the file. */
  readonly wholeBytes: number;
}

/**
 * An archive's file, from its creation to its sealing. Each call that failed may be made again, and goes on
 * where it was, unless it has left a `fault`: then the file is to be replaced.
 */
export class ArchiveFile {
  /** Bytes that were written whole. */
  bytes = 0;
  readonly #place: ArchivePath;
  readonly #file: OpenFile;
  readonly #digest = new ArchiveDigest();
  #fault: FileFault | null = null;
  /** What may be in the file behind `bytes`: an append that has failed. */
  #torn: TornAppend | null = null;
  /** Of all of it, once it is finished. */
  #sha256: Buffer | null = null;
  #isClosed = false;

  /** Creates `NAME.open`, or that of an alternative name. */
  static async create(directory: string, name: string, files: FileLayer): Promise<ArchiveFile> {
    const { file, place } = await ArchivePath.create(directory, name, files);
    return new ArchiveFile(place, file);
  }

  private constructor(place: ArchivePath, file: OpenFile) {
    this.#place = place;
    this.#file = file;
  }

  /** Its name while open, without `.open`. */
  get name(): string {
    return this.#place.name;
  }

  /** Where the file is until it is sealed. */
  get openPath(): string {
    return this.#place.openPath;
  }

  get fault(): FileFault | null {
    return this.#fault;
  }

  /** How far it is written whole. */
  mark(): FileMark {
    const whole = this.#sha256;
    const { bytes } = this;
    if (whole !== null) return { bytes, sha256: async () => whole, givenSha256: async () => whole };
    const digest = this.#digest.snapshot();
    return {
      bytes,
      sha256: () => digest().catch(() => this.#digestAgain(bytes)),
      // The thread that knew it may have died.
      givenSha256: () => digest().catch(() => null),
    };
  }

  /**
   * Appends all of `bytes`. Of those that a failed call has left in the file, what is no whole block is cut
   * off; the next call, with the same bytes, goes on behind the last that is.
   *
   * @param onAppended called as soon as `mark` counts them: no sync can begin in between
   */
  async append(bytes: Buffer, onAppended?: () => void): Promise<void> {
    if (this.#torn?.bytes !== bytes) await this.#cutTorn();
    const begin = this.#torn?.wholeBytes ?? 0;
    try {
      await writeAll(this.#file, bytes.subarray(begin), this.bytes + begin);
    } catch (error) {
      // It may tell of pages that were written long ago.
      if (systemCodeOf(error) === 'EIO') this.#fault = 'suspect';
      this.#torn = { bytes, wholeBytes: await this.#keepWhole(bytes) };
      throw error;
    }
    this.#torn = null;
    this.#digest.update(bytes);
    this.bytes += bytes.length;
    onAppended?.();
  }

  /** Settles when the bytes that were appended so far may be changed: null when they may now. */
  get digested(): Promise<void> | null {
    return this.#digest.taken;
  }

  /** Makes all bytes so far last through a power loss, and with the first the file's name. */
  async datasync(): Promise<void> {
    await this.#orSuspect(() => this.#file.datasync());
    await this.#checkPlace();
    await this.#place.syncName();
    await this.digested;
  }

  /** Makes all bytes, and the file's name, last. From then on it is never written to. */
  async finish(): Promise<void> {
    if (this.#sha256 !== null) return;
    await this.#cutTorn();
    await this.#orSuspect(() => this.#file.sync());
    await this.#checkPlace();
    // Receipts are told before the file has its final name.
    await this.#place.syncName();
    this.#sha256 = await this.mark().sha256();
  }

  /**
   * Gives the finished file its final name.
   *
   * @returns the name it got
   */
  async takeName(name: string): Promise<string> {
    await this.#close();
    const taken = await this.#place.moveTo(name);
    await this.#place.release();
    return taken;
  }

  /** Reads bytes back, to the start of `chunk`. Returns how many: 0 behind the last, or where none can be read. */
  async readBack(chunk: Buffer, position: number, length: number): Promise<number> {
    const read = this.#file.read(chunk, 0, length, position);
    return await read.then(
      ({ bytesRead }) => bytesRead,
      () => 0,
    );
  }

  /** What was synced of it is not what is read back. */
  distrust(): void {
    this.#fault = 'unreadable';
  }

  /** Lets go of a file that another has replaced. It is `NAME.suspect` then, unless it is to be recovered. */
  async setAside(): Promise<void> {
    if (this.#fault === 'suspect') {
      if (await this.#isEmpty()) await this.#place.remove();
      else await this.#place.moveAside(SUSPECT_SUFFIX);
    }
    await this.leave();
  }

  /** Lets go of the file, which stays as it is, open by its name. */
  async leave(): Promise<void> {
    try {
      await this.#close();
    } finally {
      await this.#place.release();
    }
  }

  /** As `leave`, but without a byte in it the file is removed. */
  async abandon(): Promise<void> {
    try {
      if (await this.#isEmpty()) await this.#place.remove();
    } finally {
      await this.leave();
    }
  }

  /** Removes a file that nobody needs. */
  async discard(): Promise<void> {
    await this.#place.remove();
    await this.leave();
  }

  async #cutTorn(): Promise<void> {
    if (this.#torn === null) return;
    await this.#file.truncate(this.bytes);
    this.#torn = null;
  }

  /** Cuts off the torn block, so that readers need not wait until there is room again. Returns what is left. */
  async #keepWhole(bytes: Buffer): Promise<number> {
    try {
      const { size } = await this.#file.stat();
      const wholeBytes = wholeFrameBytes(bytes, size - this.bytes);
      await this.#file.truncate(this.bytes + wholeBytes);
      return wholeBytes;
    } catch {
      // It is written anew, over what there is.
      return 0;
    }
  }

  /** Another sync would say that all is well: the system forgets what it could not write. */
  async #orSuspect(sync: () => Promise<void>): Promise<void> {
    try {
      await sync();
    } catch (error) {
      this.#fault = 'suspect';
      throw error;
    }
  }

  async #checkPlace(): Promise<void> {
    try {
      await this.#place.check();
    } catch (error) {
      if (error instanceof FileFaultError) this.#fault = error.fault;
      throw error;
    }
  }

  async #isEmpty(): Promise<boolean> {
    if (this.#isClosed) return false;
    // Asked of the file itself: a write that failed may have left bytes, which are not ours to delete.
    const { size } = await this.#file.stat().catch(() => ({ size: Number.NaN }));
    return size === 0;
  }

  /** Where the thread that did it has died. */
  async #digestAgain(bytes: number): Promise<Buffer> {
    const sha256 = await sha256OfRange(this.#file, { start: 0, end: bytes });
    if (sha256 !== null) return sha256;
    throw new FileFaultError('unreadable', `${this.openPath} was cut short`);
  }

  /** Once: a descriptor that was closed may be another file's by now, also where closing failed. */
  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#digest.release();
    await this.#file.close();
  }
}
