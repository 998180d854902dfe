import { setTimeout } from 'node:timers/promises';

import type { Kafka } from 'kafkajs';

import { textOf } from '../brokers/message-text.js';

const BATCH = 200;
const PAUSE_MS = 20;

/** Sends numbered messages to all partitions in turn until it is ended. */
export class Producing {
  /** Messages `0` to before this one were confirmed by the broker. */
  confirmed = 0;
  readonly #producer: ReturnType<Kafka['producer']>;
  readonly #topic: string;
  readonly #partitions: number;
  #isEnding = false;
  #sending: Promise<void> | undefined;

  constructor(kafka: Kafka, topic: string, partitions: number) {
    this.#producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    this.#topic = topic;
    this.#partitions = partitions;
  }

  async begin(): Promise<void> {
    await this.#producer.connect();
    this.#sending = this.#send();
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#sending;
    await this.#producer.disconnect();
  }

  async #send(): Promise<void> {
    while (!this.#isEnding) {
      const messages = Array.from({ length: BATCH }, (_, i) => ({
        partition: (this.confirmed + i) % this.#partitions,
        value: textOf(this.confirmed + i),
      }));
      await this.#producer.send({ topic: this.#topic, messages });
      this.confirmed += BATCH;
      await setTimeout(PAUSE_MS);
    }
  }
}
