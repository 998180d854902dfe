import { Waiters } from '../../streams/waiters.js';

/** Leave to send one part. */
export interface PartSlot {
  /** To be called when the part is answered, however. */
  release(): void;
}

/** So many parts in a row must succeed for each that is in flight, before one more is tried. */
const CALM_PARTS = 32;

/**
 * How many parts a service takes at a time. There is no limit until it says that there are too many;
 * then half of what was in flight is. It rises slowly again: the service may have been in need of a rest.
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

  /** Settles when one more part may be sent, in the order of asking. */
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

  /** A part was taken. */
  succeeded(): void {
    this.#calm++;
    if (this.#calm < CALM_PARTS * this.#limit) return;
    this.#calm = 0;
    this.#limit++;
    this.#waiters.wakeOne();
  }

  /**
   * A part was refused since there are too many.
   *
   * @returns whether there will be fewer, so that it is worth to send it again
   */
  refused(slot: PartSlot): boolean {
    this.#calm = 0;
    // What was sent before the limit was lowered says nothing about the lower one.
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
