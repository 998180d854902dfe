import type { FileStatus, OpenFile } from '../../files/file-layer.js';
import { monotonicMs } from '../../format/timers.js';
import { FileFaultError } from './file-fault.js';

/** How many of the last appended bytes are compared with the file. */
const TAIL_BYTES = 4096;

/** A file that was looked at within this time is not looked at again before an append. */
const FRESH_MS = 5;

/** Comparing the content of a file this small costs no more than the seal around it. */
const SMALL_FILE_BYTES = 2 ** 20;

/** After so many times that only the time of a file had changed, its time means nothing. */
const MOST_FALSE_ALARMS = 3;

/** The last bytes that were appended, and where they end. */
export interface FileTail {
  readonly end: number;
  readonly bytes: Buffer;
}

/**
 * Notices that another program changes an archive's file while it is being written: a log rotator
 * that truncates it, a program that appends to it or overwrites it. Compares the size after each
 * append, and the bytes before it: a file that was cut shorter has a hole there. If only the file's
 * time shows a change, the content decides.
 */
export class FileGuard {
  readonly #path: string;
  readonly #file: OpenFile;
  /** Whether the file holds all bytes that were appended so far. */
  readonly #isIntact: () => Promise<boolean>;
  #tail: FileTail = { end: 0, bytes: Buffer.alloc(0) };
  /** The file's time after the last own append; null if it is unknown. */
  #mtimeMs: number | null = null;
  #lookedAtMs = 0;
  /** Counts own changes: a status that was asked before one says nothing after it. */
  #changes = 0;
  #isChanging = false;
  #falseAlarms = 0;

  constructor(path: string, file: OpenFile, isIntact: () => Promise<boolean>) {
    this.#path = path;
    this.#file = file;
    this.#isIntact = isIntact;
  }

  get tail(): FileTail {
    return this.#tail;
  }

  /** Must be called before an append, whose effect on the file is not known before `appended`. */
  begin(): void {
    this.forgetTime();
    this.#isChanging = true;
  }

  /** Must be called when a failed append was cut off. */
  end(): void {
    this.#isChanging = false;
  }

  /** Must be called when the writer sets the file's time. */
  forgetTime(): void {
    this.#changes++;
    this.#mtimeMs = null;
  }

  /**
   * Checks the file before an append, unless that was done a moment ago: a busy writer leaves no
   * time in between.
   *
   * @throws FileFaultError
   */
  async checkIdle(): Promise<void> {
    if (this.#mtimeMs === null || monotonicMs() - this.#lookedAtMs < FRESH_MS) return;
    await this.#checkStatus(await this.#file.stat());
  }

  /**
   * Checks the file after `bytes` were appended.
   *
   * @throws FileFaultError
   */
  async appended(bytes: Buffer): Promise<void> {
    const before = this.#tail;
    const [status] = await Promise.all([this.#file.stat(), this.checkTail(before)]);
    const end = before.end + bytes.length;
    this.#checkSize(status, end);
    this.#tail = { end, bytes: Buffer.from(bytes.subarray(-TAIL_BYTES)) };
    this.#mtimeMs = status.mtimeMs;
    this.#lookedAtMs = monotonicMs();
    this.#isChanging = false;
  }

  /**
   * Checks that bytes which were appended are still there. Other bytes may be appended meanwhile.
   *
   * @throws FileFaultError
   */
  async checkTail({ bytes, end }: FileTail): Promise<void> {
    if (bytes.length === 0) return;
    const found = Buffer.alloc(bytes.length);
    const start = end - bytes.length;
    const { bytesRead } = await this.#file.read(found, 0, bytes.length, start);
    if (bytesRead === bytes.length && found.equals(bytes)) return;
    this.#fail(`it no longer holds the bytes ${start} to ${end} as they were written`);
  }

  /**
   * Checks the bytes of `tail` and, unless the writer is changing the file, its size and time.
   *
   * @throws FileFaultError
   */
  async check(tail: FileTail): Promise<void> {
    await this.checkTail(tail);
    const changes = this.#changes;
    if (this.#isChanging) return;
    const status = await this.#file.stat();
    if (changes === this.#changes) await this.#checkStatus(status);
  }

  /**
   * Checks the whole file after the last append. Compares the content of a small one in any case: the time of a file does not show changes within the same few milliseconds.
   *
   * @throws FileFaultError
   */
  async checkWhole(): Promise<void> {
    const { end } = this.#tail;
    if (end <= SMALL_FILE_BYTES) {
      this.#checkSize(await this.#file.stat(), end);
      await this.#checkContent();
    } else {
      await this.check(this.#tail);
    }
  }

  async #checkStatus(status: FileStatus): Promise<void> {
    const { end } = this.#tail;
    this.#checkSize(status, end);
    const isTimeKnown = this.#mtimeMs !== null && this.#falseAlarms < MOST_FALSE_ALARMS;
    if (isTimeKnown && status.mtimeMs !== this.#mtimeMs) {
      const changes = this.#changes;
      await this.#checkContent();
      // A backup program, or a file system over a network, has changed only the time.
      this.#falseAlarms++;
      if (changes === this.#changes) this.#mtimeMs = status.mtimeMs;
    }
    this.#lookedAtMs = monotonicMs();
  }

  async #checkContent(): Promise<void> {
    if (!(await this.#isIntact())) this.#fail('its content is not what was written');
  }

  #checkSize({ size }: FileStatus, expected: number): void {
    if (size !== expected) this.#fail(`it has ${size} bytes, expected ${expected}`);
  }

  #fail(problem: string): never {
    throw new FileFaultError('suspect', `${this.#path} was changed by another program: ${problem}`);
  }
}
