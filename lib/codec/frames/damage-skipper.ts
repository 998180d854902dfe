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

/** The damage being skipped: a frame of known length, or all bytes up to the next frame found. */
interface Skipping {
  readonly begin: number;
  readonly reason: DamageReason;
  readonly header: FrameHeader | null;
  /** The bytes still to skip of a frame of known length. */
  left: number;
}

/** Skips damaged frames, and reports what it skipped (docs/format.md, "Damage"). */
export class DamageSkipper {
  readonly #options: DamageSkipperOptions;
  readonly #writers: KnownWriters;
  readonly #search: FrameSearch;
  readonly #log: DamageLog;
  #skipping: Skipping | undefined;
  #hasVersion1 = false;
  /**
   * Whether a later version came before any search: after one, such a frame may be of a payload.
   */
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
      this.#note(header);
    }
    this.#log.report();
  }

  /** Reports the damage at the end of the archive. */
  end(): void {
    this.#log.report();
  }

  /**
   * Starts skipping the frame that is next in the queue.
   *
   * @param header the frame's header if it is good: then its length is trusted, and its body not
   *   searched
   */
  loseFrame(reason: DamageReason, header: FrameHeader | null): void {
    const begin = this.#options.queue.offset;
    const left = header === null ? 0 : HEADER_BYTES + header.storedBytes;
    this.#skipping = { begin, reason, header, left };
    if (header !== null) return;
    this.#hasSearched = true;
    this.#search.begin({ isLaterOnly: this.#isLater && !this.#hasVersion1 });
  }

  /** Continues skipping as far as bytes are there. Returns whether nothing is left to skip. */
  hasPassed(hasEnded: boolean): boolean {
    const skipping = this.#skipping;
    if (skipping === undefined) return true;
    const { begin, header, reason } = skipping;
    const { queue, tornTail } = this.#options;
    const isFound = header === null ? this.#search.findFrame(hasEnded) : this.#drop(skipping);
    if (!isFound && !hasEnded) return false;
    this.#skipping = undefined;
    if (header !== null) this.#note(header);
    // The torn last frame of an open archive is not damage. A bad header that frames follow is.
    const isTornTail = reason === 'torn' && (header !== null || !isFound);
    if (isTornTail && tornTail === 'end') return true;
    this.#log.add(begin, queue.offset, reason, header?.records);
    return true;
  }

  /** Drops the bytes of a frame that are there. Returns whether that was all of it. */
  #drop(skipping: Skipping): boolean {
    const { queue } = this.#options;
    const count = Math.min(skipping.left, queue.length);
    queue.skip(count);
    skipping.left -= count;
    return skipping.left === 0;
  }

  #note(header: FrameHeader): void {
    this.#log.noteHeader(header);
    this.#writers.add(header, this.#hasSearched ? 'by search' : 'in turn');
  }
}
