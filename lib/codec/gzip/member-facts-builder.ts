import type { MeasuredFrame } from '../frames/measure-frame.js';
import type { FrameHeader } from '../version-2/frame-header.js';
import { type MemberFacts, UNTIMED } from './member-entry.js';

/** Gathers what is known of an archive, member by member, as its frames and lines begin. */
export class MemberFactsBuilder {
  /** Whether no byte so far may hold a record that was not counted. */
  isExact = true;
  /** Whether records with a sequence came in order, and from one writer. */
  #isInOrder = true;
  #writer: string | null = null;
  #nextSequence = 0;

  /** Of the member that is being filled. */
  #beginsWhole = true;
  #isTimed = true;
  #records = 0;
  #sequence = 0;
  #earliestMicros = 0;
  #latestMicros = 0;

  /** The writer of all records that have a sequence, or null where there is more than one, or none. */
  get writer(): string | null {
    return this.isExact && this.#isInOrder ? this.#writer : null;
  }

  addFrame({ header, holds }: MeasuredFrame): void {
    if (holds === 'none') return;
    if (holds === 'record') this.addUntimed(1);
    else if (holds === 'records' && header !== null) this.#addRecords(header);
    else this.addUnknown();
  }

  /** Adds records that have no sequence and no time. */
  addUntimed(records: number): void {
    this.#records += records;
    this.#isTimed = false;
  }

  /** Adds bytes of which nobody knows what they hold. */
  addUnknown(): void {
    this.isExact = false;
    this.#isTimed = false;
  }

  /**
   * The facts of a member that ends here.
   *
   * @param next whether a frame or a line begins behind it
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
    this.#isTimed = this.isExact;
    this.#records = 0;
    this.#sequence = 0;
    this.#earliestMicros = 0;
    this.#latestMicros = 0;
    return facts;
  }

  #addRecords(header: FrameHeader): void {
    const { sequence, writer, earliestMicros, latestMicros } = header;
    this.#isInOrder &&= (this.#writer ?? writer) === writer && sequence >= this.#nextSequence;
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
