import type { ArchiveProgress } from '../../writing/receipts/archive-progress.js';
import {
  isTraced,
  type Receipt,
  type ReceiptAnchor,
  type TracedReceipt,
} from '../../writing/receipts/receipt.js';

/** How safe a record must be before its position is acknowledged. */
export type AckLevel = 'synced' | 'shipped';

/** How far the records of a series are safe, in the order in which they were taken. */
export interface SafePositions {
  /** Whether a position was added of which `next` has not said that it is safe. */
  readonly isOpen: boolean;
  /** A record was taken. Without a receipt, the position needs no archive. */
  add(position: number, receipt: Receipt | undefined): void;
  /**
   * Waits until more positions are safe. One call at a time.
   *
   * @returns the last position that is safe together with all before it; undefined if none is
   * @throws why a record will never be safe
   */
  next(): Promise<number | undefined>;
}

export function createSafePositions(level: AckLevel): SafePositions {
  return level === 'synced' ? new SyncedPositions() : new ShippedPositions();
}

interface AnchoredReceipt {
  readonly receipt: TracedReceipt;
  readonly anchor: ReceiptAnchor;
}

/** Takes a position, with the archive that its record is in if it has one. */
type TakeAnchored = (position: number, found?: AnchoredReceipt) => void;

/**
 * Gives taken records on with the archive that each of them is in, in their order. Most are in one
 * at once. The others wait here.
 */
class AnchoredRecords {
  readonly #level: AckLevel;
  readonly #onAnchored: TakeAnchored;
  #waiting: { readonly position: number; readonly receipt: Receipt | undefined }[] = [];

  constructor(level: AckLevel, onAnchored: TakeAnchored) {
    this.#level = level;
    this.#onAnchored = onAnchored;
  }

  get areWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  add(position: number, receipt: Receipt | undefined): void {
    const anchor = isTraced(receipt) ? receipt.anchor : undefined;
    const isKnown = receipt === undefined || anchor !== undefined;
    if (this.#waiting.length > 0 || !isKnown) {
      this.#waiting.push({ position, receipt });
    } else if (isTraced(receipt) && anchor !== undefined) {
      this.#onAnchored(position, { receipt, anchor });
    } else {
      this.#onAnchored(position);
    }
  }

  /** Settles when those that were taken before the call are in archives. */
  async settle(): Promise<void> {
    const all = this.#waiting;
    const count = all.length;
    for (let at = 0; at < count; at++) {
      const { position, receipt } = all[at] ?? { position: 0, receipt: undefined };
      if (isTraced(receipt)) {
        this.#onAnchored(position, { receipt, anchor: await receipt.anchored() });
      } else {
        // A receipt that is not of this library says nothing about archives.
        await receipt?.[this.#level];
        this.#onAnchored(position);
      }
    }
    // Only now: what was taken meanwhile came after these.
    this.#waiting = all.slice(count);
  }
}

/** Every call of `next` syncs all records so far: one sync for many positions. */
class SyncedPositions implements SafePositions {
  readonly #records = new AnchoredRecords('synced', (position, found) => {
    this.#position = position;
    if (found !== undefined) this.#mark(found);
  });
  #position: number | undefined;
  #marks = new Map<ArchiveProgress, UnsyncedRecords>();

  get isOpen(): boolean {
    return this.#position !== undefined || this.#records.areWaiting;
  }

  add(position: number, receipt: Receipt | undefined): void {
    this.#records.add(position, receipt);
  }

  async next(): Promise<number | undefined> {
    await this.#records.settle();
    const position = this.#position;
    const marks = this.#marks;
    this.#position = undefined;
    this.#marks = new Map();
    await Promise.all(
      Array.from(marks, async ([progress, { receipt, records }]) => {
        // Asks for the sync, which covers all records of the archive.
        void receipt.synced;
        await progress.allReached('synced', records);
      }),
    );
    return position;
  }

  #mark({ anchor, receipt }: AnchoredReceipt): void {
    const { progress, recordNumber } = anchor;
    const known = this.#marks.get(progress);
    if (known === undefined) this.#marks.set(progress, { receipt, records: recordNumber + 1 });
    else known.records = Math.max(known.records, recordNumber + 1);
  }
}

/** Records of one archive. */
interface UnsyncedRecords {
  /** A receipt of one of them. */
  readonly receipt: TracedReceipt;
  /** How many of the archive's first records there are up to the last one taken. */
  records: number;
}

/**
 * An archive is shipped whole. So this keeps one entry for each archive that is not, however many
 * records it has, and all positions before the first record of the oldest one are safe.
 */
class ShippedPositions implements SafePositions {
  readonly #records = new AnchoredRecords('shipped', (position, found) => {
    if (found !== undefined) this.#mark(found.anchor);
    this.#last = position;
  });
  /** The oldest first. */
  readonly #archives = new Map<ArchiveProgress, UnshippedArchive>();
  #last: number | undefined;
  #given: number | undefined;

  get isOpen(): boolean {
    return this.#records.areWaiting || this.#last !== this.#given;
  }

  add(position: number, receipt: Receipt | undefined): void {
    this.#records.add(position, receipt);
  }

  async next(): Promise<number | undefined> {
    await this.#records.settle();
    for (const [progress, archive] of this.#archives) {
      const { before, records } = archive;
      const isShipped = progress.hasReached('shipped', records - 1);
      if (!isShipped && before !== this.#given) {
        this.#given = before;
        return before;
      }
      // Rejects also if some of the records were lost.
      await progress.allReached('shipped', records);
      // It may have taken more records until it was sealed.
      if (archive.records > records) await progress.allReached('shipped', archive.records);
      this.#archives.delete(progress);
    }
    this.#given = this.#last;
    return this.#given;
  }

  #mark({ progress, recordNumber }: ReceiptAnchor): void {
    const records = recordNumber + 1;
    const known = this.#archives.get(progress);
    if (known !== undefined) known.records = Math.max(known.records, records);
    else if (!progress.hasReached('shipped', recordNumber)) {
      this.#archives.set(progress, { before: this.#last, records });
    }
  }
}

/** An archive that is not shipped, as far as its records were taken. */
interface UnshippedArchive {
  /** The position before its first record; undefined if it has the first record of all. */
  readonly before: number | undefined;
  /** How many of its first records there are up to the last one taken. */
  records: number;
}
