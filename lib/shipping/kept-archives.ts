import { retry } from '../stores/contract/retries.js';
import type { Clock } from '../streams/clock.js';
import type { Shipment } from './shipment.js';

export interface KeptArchivesOptions {
  readonly clock: Clock;
  /** Ends all checks. */
  readonly signal: AbortSignal;
  /** The store does not have the archive: it must be shipped. */
  onMissing(shipment: Shipment): void;
  /** The store does not answer. The archives that were not checked are left until the next start. */
  onFailed(shipment: Shipment, error: unknown): void;
}

/** How many archives to ask for at the same time. Each costs one request, and no data. */
const MOST_REQUESTS = 8;

/**
 * Archives that were shipped and kept, as their journals claim. A journal may be wrong, and an
 * object may have been deleted since, so the store is asked for each of them, while the writer
 * writes.
 */
export class KeptArchives {
  readonly #options: KeptArchivesOptions;
  #waiting: Shipment[] = [];
  #running = 0;
  #checking: Promise<unknown> = Promise.resolve();

  constructor(options: KeptArchivesOptions) {
    this.#options = options;
  }

  check(shipments: readonly Shipment[]): void {
    this.#waiting = [...shipments.toReversed(), ...this.#waiting];
    const checks = Array.from({ length: MOST_REQUESTS - this.#running }, () => this.#checkAll());
    this.#checking = Promise.all([this.#checking, ...checks]);
  }

  /** Settles when all archives are checked, or no more will be. */
  async idle(): Promise<void> {
    await this.#checking;
  }

  async #checkAll(): Promise<void> {
    const { clock, onFailed, onMissing, signal } = this.#options;
    this.#running++;
    for (;;) {
      const shipment = signal.aborted ? undefined : this.#waiting.pop();
      if (shipment === undefined) break;
      try {
        if (!(await retry(() => shipment.isStored(), { clock, signal }))) onMissing(shipment);
      } catch (error) {
        if (!signal.aborted) onFailed(shipment, error);
        this.#waiting = [];
      }
    }
    this.#running--;
  }
}
