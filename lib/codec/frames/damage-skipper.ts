import type { DamageReason } from '../../errors/damage-error.js';
import { FIRST_SKIPPABLE_KIND, HEADER_BYTES, KIND_INDEX } from '../../format/version-2.js';
import type { ByteQueue } from '../bytes/byte-queue.js';
import type { FrameHeader } from '../version-2/frame-header.js';
import { DamageLog } from './damage-log.js';
import { FrameSearch } from './frame-search.js';
import type { InputEnd } from './input-end.js';
import { KnownWriters, namesSequence, type WriterList } from './known-writers.js';
import type { SkippedDamage } from './skipped-damage.js';

export interface DamageSkipperOptions {
  readonly queue: ByteQueue;
  readonly archive: string | undefined;
  readonly maxRecordBytes: number;
  readonly maxBodyBytes: number;
  readonly tornTail: 'damage' | 'end' | undefined;
  /** `on demand`: `needsWriters` says when a search needs them. */
  readonly writers: WriterList | 'on demand' | undefined;
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
  #writers: KnownWriters;
  readonly #search: FrameSearch;
  #hasWriters: boolean;
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
    const { writers } = options;
    this.#hasWriters = writers !== 'on demand';
    this.#writers = new KnownWriters(writers === 'on demand' ? undefined : writers);
    this.#log = new DamageLog(options.archive, options.onDamage);
    this.#search = new FrameSearch({ ...options, writers: this.#writers });
  }

  /** Whether a search waits for `giveWriters`. */
  get needsWriters(): boolean {
    return !this.#hasWriters && this.#skipping?.header === null;
  }

  /** Adds the writers that were needed. */
  giveWriters(list: WriterList): void {
    this.#hasWriters = true;
    this.#writers.give(list);
  }

  /**
   * Notes a good frame, which is next in the queue or was just taken from it, and reports the damage before it.
   *
   * @param header null in version 1
   * @param offset where it begins
   */
  passFrame(header: FrameHeader | null, offset: number): void {
    if (header === null) {
      this.#hasVersion1 = true;
      this.#log.forgetSequence();
    } else {
      this.#isLater ||= !this.#hasSearched;
      this.#note(header, offset);
    }
    this.#log.report();
  }

  /** Reports the damage at the end of the archive, and that of the input. */
  end({ damage }: InputEnd): void {
    const { offset } = this.#options.queue;
    if (damage !== undefined) this.#log.add(offset, offset, damage);
    this.#log.report();
  }

  /** Passes over bytes that the input has lost. The queue is empty. */
  passLost(reason: DamageReason, resumesAt: number): void {
    const { queue } = this.#options;
    // A damaged member may decompress to more bytes than it had.
    this.#log.add(Math.min(queue.offset, resumesAt), resumesAt, reason);
    queue.jumpTo(resumesAt);
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

  /**
   * Continues skipping as far as bytes are there. Returns whether nothing is left to skip.
   *
   * @param end undefined while bytes may follow
   */
  hasPassed(end: InputEnd | undefined): boolean {
    const skipping = this.#skipping;
    if (skipping === undefined) return true;
    if (this.needsWriters) return false;
    const { begin, header, reason } = skipping;
    const { tornTail } = this.#options;
    const isFound = header === null ? this.#search.findFrame(end) : this.#drop(skipping);
    if (!isFound && end === undefined) return false;
    this.#skipping = undefined;
    if (header !== null) this.#note(header, begin);
    // The torn last frame of an open archive is not damage. A bad header that frames follow is.
    const isTornTail = reason === 'torn' && (header !== null || !isFound);
    if (isTornTail && tornTail === 'end') return true;
    this.#logLoss(begin, reason, header);
    return true;
  }

  #logLoss(begin: number, reason: DamageReason, header: FrameHeader | null): void {
    const end = this.#options.queue.offset;
    if (header === null) this.#log.add(begin, end, reason);
    else if (namesSequence(header)) this.#log.add(begin, end, reason, recordsOf(header));
    else this.#log.addUnplaced(begin, end, reason, recordsOf(header));
  }

  /** Drops the bytes of a frame that are there. Returns whether that was all of it. */
  #drop(skipping: Skipping): boolean {
    const { queue } = this.#options;
    const count = Math.min(skipping.left, queue.length);
    queue.skip(count);
    skipping.left -= count;
    return skipping.left === 0;
  }

  #note(header: FrameHeader, offset: number): void {
    this.#log.noteHeader(header);
    this.#writers.add(header, offset, this.#hasSearched ? 'by search' : 'in turn');
  }
}

/** How many records a lost frame holds, by its header. */
function recordsOf({ kind, records }: FrameHeader): number {
  return kind >= FIRST_SKIPPABLE_KIND || kind === KIND_INDEX ? 0 : records;
}
