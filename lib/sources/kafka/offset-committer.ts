import { systemClock, type Timer } from '../../streams/clock.js';
import { Waiters } from '../../streams/waiters.js';
import { isPassing, type KafkaConsumer, type KafkaOffset } from './kafka-client.js';

/** How long after a commit that failed the next one is tried. */
const RETRY_MS = 500;

/** How long the end waits for offsets to be committed. */
const MOST_MS = 15_000;

/** Where consumers of a partition continue. */
export interface PartitionOffset {
  readonly key: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Commits offsets, and tries again what a rebalance or a broker that is down has refused. */
export class OffsetCommitter {
  readonly #consumer: KafkaConsumer;
  readonly #metadata: string;
  readonly #onFailed: (error: unknown) => void;
  /** Offsets that the broker has not confirmed, by the keys of their partitions. */
  readonly #waiting = new Map<string, KafkaOffset>();
  readonly #changes = new Waiters();
  #request: Promise<void> | undefined;
  #retry: Timer | undefined;
  #lastError: unknown;

  constructor(consumer: KafkaConsumer, metadata: string, onFailed: (error: unknown) => void) {
    this.#consumer = consumer;
    this.#metadata = metadata;
    this.#onFailed = onFailed;
  }

  /** Settles after one request: what it did not commit is tried again later. */
  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    for (const { key, offset, partition, topic } of offsets) {
      const metadata = this.#metadata;
      this.#waiting.set(key, { topic, partition, offset: String(offset), metadata });
    }
    await this.#send();
  }

  /** The partition has moved away: its offsets are another process's to commit. */
  forget(key: string): void {
    this.#waiting.delete(key);
    this.#changes.wakeAll();
  }

  /** The broker says that it has an offset. */
  confirm(key: string, offset: string): void {
    if (this.#waiting.get(key)?.offset === offset) this.#waiting.delete(key);
    this.#changes.wakeAll();
  }

  /** The group has changed: what was refused may be committed now. */
  tryAgain(): void {
    void this.#send();
  }

  /**
   * Settles when all offsets are committed.
   *
   * @throws why some could not be in time
   */
  async finish(): Promise<void> {
    let isLate = false;
    const timer = systemClock.setTimer(() => {
      isLate = true;
      this.#changes.wakeAll();
    }, MOST_MS);
    timer.ref();
    this.tryAgain();
    while (this.#waiting.size > 0 && !isLate) await this.#changes.next();
    timer.cancel();
    this.#retry?.cancel();
    await this.#request;
    if (this.#waiting.size > 0 && this.#lastError !== undefined) throw this.#lastError;
  }

  /** Sends one request at a time. */
  async #send(): Promise<void> {
    while (this.#request !== undefined) await this.#request;
    if (this.#waiting.size === 0) return;
    this.#retry?.cancel();
    this.#request = this.#commitAll();
    await this.#request;
    this.#request = undefined;
    // KafkaJS says nothing of a commit that it left out because its consumer restarts.
    if (this.#waiting.size > 0) {
      this.#retry = systemClock.setTimer(() => this.tryAgain(), RETRY_MS);
    }
    this.#changes.wakeAll();
  }

  async #commitAll(): Promise<void> {
    const offsets = [...this.#waiting];
    try {
      await this.#consumer.commitOffsets(offsets.map(([, offset]) => offset));
      if (this.#consumer.events !== undefined) return;
      for (const [key, { offset }] of offsets) this.confirm(key, offset);
    } catch (error) {
      this.#lastError = error;
      if (!isPassing(error)) this.#onFailed(error);
    }
  }
}
