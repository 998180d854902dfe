import type { DamageReason } from '../../errors/damage-error.js';
import type { FrameHeader } from '../version-2/frame-header.js';
import { namesSequence } from './known-writers.js';
import type { SkippedDamage } from './skipped-damage.js';

/** Damage that may go on. */
interface Stretch {
  readonly begin: number;
  end: number;
  readonly reason: DamageReason;
  /** NaN once it cannot be known. */
  recordsLost: number;
  /** Whether a part of it has no header; the next sequence may tell what it held. */
  isOpen: boolean;
}

/** Gathers damage as it is found, and tells each stretch of it once it is known where it ends. */
export class DamageLog {
  readonly #archive: string | undefined;
  readonly #onDamage: ((damage: SkippedDamage) => void) | undefined;
  #stretch: Stretch | undefined;
  /** Which record comes next, by the last good header. */
  #next: { readonly writer: string; readonly sequence: number } | undefined;

  constructor(archive: string | undefined, onDamage?: (damage: SkippedDamage) => void) {
    this.#archive = archive;
    this.#onDamage = onDamage;
  }

  /**
   * Adds bytes that were left out, which begin behind all that was told of before.
   *
   * @param records what they held, as a good header says; undefined where none does
   */
  add(begin: number, end: number, reason: DamageReason, records?: number): void {
    if (this.#stretch !== undefined && this.#stretch.end < begin) this.tell();
    this.#stretch ??= { begin, end, reason, recordsLost: 0, isOpen: false };
    this.#stretch.end = end;
    if (records === undefined) this.#stretch.isOpen = true;
    else this.#stretch.recordsLost += records;
  }

  /** Takes note of a good header where a frame begins, also of one whose body is damaged. */
  heed(header: FrameHeader): void {
    if (!namesSequence(header)) return;
    const { records, sequence, writer } = header;
    if (this.#stretch?.isOpen) {
      const from = this.#next?.writer === writer ? this.#next.sequence : Number.NaN;
      this.#stretch.recordsLost += sequence >= from ? sequence - from : Number.NaN;
      this.#stretch.isOpen = false;
    }
    this.#next = { writer, sequence: sequence + records };
  }

  /** Takes note of a frame of version 1, which has no sequence. */
  forgetSequence(): void {
    this.#next = undefined;
  }

  /** Tells the damage so far: what comes now is good, or the end. */
  tell(): void {
    const stretch = this.#stretch;
    if (stretch === undefined) return;
    this.#stretch = undefined;
    const { begin, end, reason, recordsLost, isOpen } = stretch;
    const isKnown = !isOpen && !Number.isNaN(recordsLost);
    const lost = isKnown ? recordsLost : undefined;
    this.#onDamage?.({ archive: this.#archive, begin, end, reason, recordsLost: lost });
  }
}
