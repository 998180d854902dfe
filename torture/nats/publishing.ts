import { setTimeout } from 'node:timers/promises';

import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

import { textOf } from '../brokers/message-text.js';

const BATCH = 100;
const PAUSE_MS = 20;
const RETRY_MS = 100;

/** Publishes numbered messages to all streams in turn until it is ended. */
export class Publishing {
  /** Messages `0` to before this one were confirmed by the server. */
  confirmed = 0;
  readonly #client: JetStreamClient;
  readonly #streams: readonly string[];
  #isEnding = false;
  #sending: Promise<void> | undefined;

  constructor(connection: NatsConnection, streams: readonly string[]) {
    this.#client = jetstream(connection);
    this.#streams = streams;
  }

  begin(): void {
    this.#sending = this.#send();
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#sending;
  }

  async #send(): Promise<void> {
    while (!this.#isEnding) {
      const numbers = Array.from({ length: BATCH }, (_, i) => this.confirmed + i);
      await Promise.all(numbers.map((number) => this.#publish(number)));
      this.confirmed += BATCH;
      await setTimeout(PAUSE_MS);
    }
  }

  /** The server drops a message that it has stored before it was killed. */
  async #publish(number: number): Promise<void> {
    const stream = this.#streams[number % this.#streams.length];
    for (;;) {
      try {
        const options = { msgID: String(number), timeout: 1000 };
        await this.#client.publish(`${stream}.a`, textOf(number), options);
        return;
      } catch {
        await setTimeout(RETRY_MS);
      }
    }
  }
}
