import { Waiters } from '../../streams/waiters.js';

/** Permission to send one part. */
export interface PartSlot {
  /** Must be called when the part is answered, with success or not. */
  release(): void;
}

/** The limit rises by one after this many successful parts in a row, times the limit. */
const CALM_PARTS = 32;

/**
 * How many parts a service takes at a time. There is no limit until the service refuses a part
 * because there are too many. The limit is then half of the parts in flight, and rises again
 * slowly: the overload may be over.
 */
export class PartSlots {
  #limit = Number.POSITIVE_INFINITY;
  /** Counts how often the limit was lowered. */
  #lowered = 0;
  #inFlight = 0;
  #calm = 0;
  readonly #sentAt = new WeakMap<PartSlot, number>();
  readonly #waiters = new Waiters();

  get limit(): number {
    return this.#limit;
  }

  /**
   * Resolves when one more part may be sent. Callers get their turn in the order of their calls.
   */
  async take(): Promise<PartSlot> {
    while (this.#inFlight >= this.#limit) await this.#waiters.next();
    this.#inFlight++;
    const slot: PartSlot = {
      release: () => {
        this.#inFlight--;
        this.#waiters.wakeOne();
      },
    };
    this.#sentAt.set(slot, this.#lowered);
    return slot;
  }

  /** The service has taken a part. */
  succeeded(): void {
    this.#calm++;
    if (this.#calm < CALM_PARTS * this.#limit) return;
    this.#calm = 0;
    this.#limit++;
    this.#waiters.wakeOne();
  }

  /**
   * The service has refused a part because there are too many.
   *
   * @returns whether to send the part again: true unless it was refused alone
   */
  refused(slot: PartSlot): boolean {
    this.#calm = 0;
    // A part that was sent before the limit was lowered says nothing about the new limit.
    if (this.#sentAt.get(slot) !== this.#lowered) return true;
    if (this.#limit === 1 || this.#inFlight === 1) {
      this.#limit = 1;
      return false;
    }
    this.#limit = Math.max(1, Math.floor(Math.min(this.#limit, this.#inFlight) / 2));
    this.#lowered++;
    return true;
  }
}
