import type { MeasuredFrame } from '../../frames/measure-frame.js';
import type { FrameHeader } from '../../version-2/frame-header.js';
import { type MemberFacts, UNTIMED } from './member-entry.js';

/** Collects the facts of each member of an archive as its frames and lines begin. */
export class MemberFactsBuilder {
  /** Whether every record so far was counted. */
  isExact = true;
  /** Whether sequences are missing between the records so far. */
  hasGaps = false;
  /** Whether all records with a sequence came in order and from one writer. */
  #isInOrder = true;
  #writer: string | null = null;
  #nextSequence = 0;

  /** The facts of the member that is being filled. */
  #beginsWhole = true;
  #isTimed = true;
  /** Whether the frame that began last is of version 2 or later. */
  #isFrameTimed = true;
  #records = 0;
  #sequence = 0;
  #earliestMicros = 0;
  #latestMicros = 0;

  /** The only writer of the records with a sequence; null if there is none, or more than one. */
  get writer(): string | null {
    return this.isExact && this.#isInOrder ? this.#writer : null;
  }

  addFrame({ header, holds }: MeasuredFrame): void {
    this.#isFrameTimed = true;
    if (holds === 'none') return;
    if (holds === 'record') this.addUntimed(1);
    else if (holds === 'records' && header !== null) this.#addRecords(header);
    else this.addUnknown();
  }

  /** Adds records without sequence and time. */
  addUntimed(records: number): void {
    this.#records += records;
    this.#isTimed = false;
    this.#isFrameTimed = false;
  }

  /** Adds bytes of unknown content. */
  addUnknown(): void {
    this.isExact = false;
    this.#isTimed = false;
  }

  /**
   * Returns the facts of the member that ends here.
   *
   * @param next whether the next member begins at the start of a frame or a line
   */
  take(rawBytes: number, next: { readonly beginsWhole: boolean }): MemberFacts {
    const timed = {
      isTimed: true,
      sequence: this.#sequence,
      earliestMicros: this.#earliestMicros,
      latestMicros: this.#latestMicros,
    };
    const facts = {
      rawBytes,
      records: this.#records,
      beginsWhole: this.#beginsWhole,
      ...(this.#isTimed ? timed : UNTIMED),
    };
    this.#beginsWhole = next.beginsWhole;
    this.#isTimed = this.isExact && (next.beginsWhole || this.#isFrameTimed);
    this.#records = 0;
    this.#sequence = 0;
    this.#earliestMicros = 0;
    this.#latestMicros = 0;
    return facts;
  }

  #addRecords(header: FrameHeader): void {
    const { sequence, writer, earliestMicros, latestMicros } = header;
    this.#isInOrder &&= (this.#writer ?? writer) === writer && sequence >= this.#nextSequence;
    if (this.#writer !== null && sequence > this.#nextSequence) this.hasGaps = true;
    this.#writer ??= writer;
    this.#nextSequence = sequence + header.records;
    const isFirst = this.#records === 0;
    if (isFirst) this.#sequence = sequence;
    this.#earliestMicros = isFirst
      ? earliestMicros
      : Math.min(this.#earliestMicros, earliestMicros);
    this.#latestMicros = isFirst ? latestMicros : Math.max(this.#latestMicros, latestMicros);
    this.#records += header.records;
  }
}
