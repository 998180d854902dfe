import type { DamageReason } from '../../errors/damage-error.js';
import { HEADER_BYTES } from '../../format/version-2.js';
import type { ByteQueue } from '../bytes/byte-queue.js';
import type { FrameHeader } from '../version-2/frame-header.js';
import { DamageLog } from './damage-log.js';
import { FrameSearch } from './frame-search.js';
import { KnownWriters, type WriterList } from './known-writers.js';
import type { SkippedDamage } from './skipped-damage.js';

export interface DamageSkipperOptions {
  readonly queue: ByteQueue;
  readonly archive: string | undefined;
  readonly maxRecordBytes: number;
  readonly maxBodyBytes: number;
  readonly tornTail: 'damage' | 'end' | undefined;
  readonly writers: WriterList | undefined;
  readonly onDamage: ((damage: SkippedDamage) => void) | undefined;
}

/** What is left out now: a frame whose length is known, or all up to the next frame that is found. */
interface Skipping {
  readonly begin: number;
  readonly reason: DamageReason;
  readonly header: FrameHeader | null;
  /** Of a frame whose length is known. */
  left: number;
}

/** Leaves out damaged frames, and tells what was left out (docs/format.md, "Damage"). */
export class DamageSkipper {
  readonly #options: DamageSkipperOptions;
  readonly #writers: KnownWriters;
  readonly #search: FrameSearch;
  readonly #log: DamageLog;
  #skipping: Skipping | undefined;
  #hasVersion1 = false;
  /** Whether it began with frames of later versions: those that a search finds may be of a payload. */
  #isLater = false;
  #hasSearched = false;

  constructor(options: DamageSkipperOptions) {
    this.#options = options;
    this.#writers = new KnownWriters(options.writers);
    this.#log = new DamageLog(options.archive, options.onDamage);
    this.#search = new FrameSearch({ ...options, writers: this.#writers });
  }

  /**
   * Notes a good frame, and reports the damage before it.
   *
   * @param header null in version 1
   */
  passFrame(header: FrameHeader | null): void {
    if (header === null) {
      this.#hasVersion1 = true;
      this.#log.forgetSequence();
    } else {
      this.#isLater ||= !this.#hasSearched;
      this.#heed(header);
    }
    this.#log.tell();
  }

  /** No more bytes come: tells the damage at the end. */
  end(): void {
    this.#log.tell();
  }

  /**
   * Leaves out the frame that is next in the queue.
   *
   * @param header where it is good: its length is believed, and the body never searched
   */
  loseFrame(reason: DamageReason, header: FrameHeader | null): void {
    const begin = this.#options.queue.offset;
    const left = header === null ? 0 : HEADER_BYTES + header.storedBytes;
    this.#skipping = { begin, reason, header, left };
    if (header !== null) return;
    this.#hasSearched = true;
    this.#search.begin({ isLaterOnly: this.#isLater && !this.#hasVersion1 });
  }

  /** Whether all that is left out is behind us; goes on leaving out for that, as far as bytes are there. */
  hasPassed(hasEnded: boolean): boolean {
    const skipping = this.#skipping;
    if (skipping === undefined) return true;
    const { begin, header, reason } = skipping;
    const { queue, tornTail } = this.#options;
    const isFound = header === null ? this.#search.findFrame(hasEnded) : this.#drop(skipping);
    if (!isFound && !hasEnded) return false;
    this.#skipping = undefined;
    if (header !== null) this.#heed(header);
    // A torn last frame of an open archive is no damage; a header that is bad, with frames behind it, is.
    const isTornTail = reason === 'torn' && (header !== null || !isFound);
    if (isTornTail && tornTail === 'end') return true;
    this.#log.add(begin, queue.offset, reason, header?.records);
    return true;
  }

  /** Drops what has come of a frame; whether that was all of it. */
  #drop(skipping: Skipping): boolean {
    const { queue } = this.#options;
    const count = Math.min(skipping.left, queue.length);
    queue.skip(count);
    skipping.left -= count;
    return skipping.left === 0;
  }

  #heed(header: FrameHeader): void {
    this.#log.heed(header);
    this.#writers.add(header, this.#hasSearched ? 'behind a search' : 'in turn');
  }
}
