import type { DamageReason } from '../../errors/damage-error.js';
import { type FrameHeader, followsGap } from '../version-2/frame-header.js';
import { namesSequence } from './known-writers.js';
import type { SkippedDamage } from './skipped-damage.js';

/** Damage that may continue. */
interface Stretch {
  readonly begin: number;
  end: number;
  readonly reason: DamageReason;
  /** NaN once it is unknown. */
  recordsLost: number;
  /** Records by headers without a sequence, since the last one with a sequence. */
  unplaced: number;
  /** Whether its end has no good header. The next sequence may show how many records it held. */
  isOpen: boolean;
}

/** Collects damage as it is found, and reports each stretch when it has ended. */
export class DamageLog {
  readonly #archive: string | undefined;
  readonly #onDamage: ((damage: SkippedDamage) => void) | undefined;
  #stretch: Stretch | undefined;
  /** The record that follows the last good header. */
  #next: { readonly writer: string; readonly sequence: number } | undefined;

  constructor(archive: string | undefined, onDamage?: (damage: SkippedDamage) => void) {
    this.#archive = archive;
    this.#onDamage = onDamage;
  }

  /**
   * Adds bytes that were skipped. They begin at or after the end of all damage added before.
   *
   * @param records how many records they held, by a header that `noteHeader` noted; undefined
   *   without one
   */
  add(begin: number, end: number, reason: DamageReason, records?: number): void {
    if (this.#stretch !== undefined && this.#stretch.end < begin) this.report();
    this.#stretch ??= { begin, end, reason, recordsLost: 0, unplaced: 0, isOpen: false };
    this.#stretch.end = end;
    if (records === undefined) this.#stretch.isOpen = true;
    else this.#stretch.recordsLost += records;
  }

  /** As `add`, by a header without a sequence. The next sequence may count them better. */
  addUnplaced(begin: number, end: number, reason: DamageReason, records: number): void {
    this.add(begin, end, reason, 0);
    if (this.#stretch !== undefined) this.#stretch.unplaced += records;
  }

  /** Notes a good header where a frame begins, even if the frame's body is damaged. */
  noteHeader(header: FrameHeader): void {
    if (!namesSequence(header)) return;
    const { records, sequence, writer } = header;
    if (this.#stretch?.isOpen) {
      // Before a marked block, sequences may be missing that no record ever had.
      const next = followsGap(header) ? undefined : this.#next;
      const from = next?.writer === writer ? next.sequence : Number.NaN;
      this.#stretch.recordsLost += sequence >= from ? sequence - from : Number.NaN;
      this.#stretch.isOpen = false;
      // The difference includes these.
      this.#stretch.unplaced = 0;
    }
    this.#next = { writer, sequence: sequence + records };
  }

  /** Notes a frame of version 1: without a sequence, later gaps cannot be counted. */
  forgetSequence(): void {
    this.#next = undefined;
  }

  /** Reports the damage so far, because good bytes or the end follow. */
  report(): void {
    const stretch = this.#stretch;
    if (stretch === undefined) return;
    this.#stretch = undefined;
    const { begin, end, reason, recordsLost, unplaced, isOpen } = stretch;
    const isKnown = !isOpen && !Number.isNaN(recordsLost);
    const lost = isKnown ? recordsLost + unplaced : undefined;
    this.#onDamage?.({ archive: this.#archive, begin, end, reason, recordsLost: lost });
  }
}
