import { Writable, type WritableOptions } from 'node:stream';

import { isArchiveRecord } from '../../codec/records/archive-record.js';
import { toExportedRecord } from '../../codec/records/exported-record.js';
import type { RecordInput } from '../../codec/records/record-input.js';
import { asError } from '../../errors/as-error.js';
import { RecordError } from '../../errors/record-error.js';
import { keepAliveUntil } from '../../streams/keep-alive.js';
import { sleepUntilAborted } from '../../streams/sleep-until-aborted.js';
import type { WritableEvents } from '../../streams/typed-events.js';
import type { TypedWritable } from '../../streams/typed-streams.js';
import type { ConfirmedRecords, DestinationSettings } from './destination-options.js';
import type { MessageSender } from './message-sender.js';
import { PositionKeeper } from './position-keeper.js';
import { type Redelivery, RedeliverySchedule } from './redelivery.js';

/** The events of a destination. */
export interface DestinationEvents {
  /** Records were confirmed. */
  readonly confirmed: [confirmed: ConfirmedRecords];
  /** A record was not taken, and is sent again after a delay. */
  readonly retry: [retry: Redelivery];
}

/** The figures of a destination. */
export interface DestinationStats {
  /** Records that are confirmed. */
  readonly records: number;
  /** The bytes of their payloads. */
  readonly bytes: number;
  /** Records in memory that are not confirmed. */
  readonly pending: number;
  /** How often records were sent again. */
  readonly retries: number;
}

interface AllEvents extends DestinationEvents, WritableEvents {}

/** Writable itself, with types for the events of a destination. */
const DestinationWritable: new (options?: WritableOptions) => TypedWritable<AllEvents> = Writable;

type Callback = (error?: Error | null) => void;

/** A message that waits for its confirmation, and the record that it was made of. */
interface Outgoing<Message> {
  readonly message: Message;
  readonly bytes: number;
  readonly record: RecordInput;
}

/** A few records only: the destination itself decides how many it takes. */
const RECORDS_AHEAD = 16;

/**
 * Sends records to a broker or a service, in batches: while one is in flight, the next one collects.
 * A record that is not taken is sent again, together with those after it in its batch, so that the
 * order of the last copies is that of the records: each arrives at least once. `finish` comes when
 * everything is confirmed.
 */
export class Destination<Message> extends DestinationWritable {
  readonly #sender: MessageSender<Message>;
  readonly #settings: DestinationSettings;
  readonly #positions: PositionKeeper | undefined;
  readonly #redelivery: RedeliverySchedule;
  readonly #ending = new AbortController();
  #waiting: Outgoing<Message>[] = [];
  #waitingBytes = 0;
  #inFlight = 0;
  /** Takes the next record once there is room. */
  #held: Callback | undefined;
  /** Settles when nothing is in flight; undefined if nothing is. */
  #sending: Promise<void> | undefined;
  #isOpen = false;
  #last: RecordInput | undefined;
  #records = 0;
  #bytes = 0;
  #retries = 0;

  constructor(sender: MessageSender<Message>, settings: DestinationSettings) {
    super({ objectMode: true, highWaterMark: RECORDS_AHEAD });
    const { clock, cursorFile, files, retryForMs } = settings;
    this.#sender = sender;
    this.#settings = settings;
    this.#redelivery = new RedeliverySchedule(clock, retryForMs);
    if (cursorFile !== undefined) {
      const onFailure = (error: unknown) => this.destroy(asError(error));
      this.#positions = new PositionKeeper({ path: cursorFile, files, clock, onFailure });
    }
  }

  /** The position after the last record that is confirmed; undefined before the first one. */
  get cursor(): string | undefined {
    return cursorOf(this.#last);
  }

  stats(): DestinationStats {
    return {
      records: this.#records,
      bytes: this.#bytes,
      pending: this.writableLength + this.#waiting.length + this.#inFlight,
      retries: this.#retries,
    };
  }

  override _construct(callback: Callback): void {
    this.#open().then(() => callback(), toCallback(callback));
  }

  async #open(): Promise<void> {
    await this.#positions?.open();
    await this.#sender.open();
    this.#isOpen = true;
  }

  override _write(record: RecordInput, _encoding: string, callback: Callback): void {
    try {
      this.#add(record);
    } catch (error) {
      // The records before it come first.
      this.#settled().then(() => callback(asError(error)), toCallback(callback));
      return;
    }
    // Takes the record at once if nothing is in flight, so there may be room only afterwards.
    this.#sending ??= this.#sendAll();
    const { maxInFlight, maxInFlightBytes } = this.#settings;
    if (this.#waiting.length < maxInFlight && this.#waitingBytes < maxInFlightBytes) callback();
    else this.#held = callback;
  }

  override _final(callback: Callback): void {
    this.#finish().then(() => callback(), toCallback(callback));
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#ending.abort();
    this.#release(error).then(() => callback(error), toCallback(callback));
  }

  #add(record: RecordInput): void {
    const exported = toExportedRecord(record);
    if (this.#positions !== undefined && this.#records === 0 && cursorOf(record) === undefined) {
      throw new RecordError(
        'cursor',
        'is missing: cursorFile needs records of a reader, unchanged',
      );
    }
    const message = this.#sender.toMessage(exported);
    const bytes = exported.payload.length;
    this.#waiting.push({ message, bytes, record });
    this.#waitingBytes += bytes;
  }

  /** Sends what waits, and what comes meanwhile. Never rejects: a failure destroys the stream. */
  async #sendAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting;
        this.#waiting = [];
        this.#waitingBytes = 0;
        const held = this.#held;
        this.#held = undefined;
        held?.();
        await keepAliveUntil(this.#deliver(batch));
      }
    } catch (error) {
      this.destroy(asError(error));
    } finally {
      this.#sending = undefined;
    }
  }

  async #deliver(batch: readonly Outgoing<Message>[]): Promise<void> {
    const { signal } = this.#ending;
    let left = batch;
    while (left.length > 0) {
      signal.throwIfAborted();
      this.#inFlight = left.length;
      const messages = left.map(({ message }) => message);
      const { confirmed, failure, retryAfterMs } = await this.#sender.send(messages, signal);
      if (confirmed > 0) await this.#confirm(left.slice(0, confirmed));
      left = left.slice(confirmed);
      if (failure === undefined) continue;
      signal.throwIfAborted();
      const retry = this.#redelivery.next(failure, retryAfterMs);
      this.#retries++;
      this.emit('retry', retry);
      await sleepUntilAborted(retry.delayMs, this.#settings.clock, signal);
    }
    this.#inFlight = 0;
  }

  async #confirm(sent: readonly Outgoing<Message>[]): Promise<void> {
    this.#redelivery.reset();
    this.#last = sent.at(-1)?.record;
    this.#records += sent.length;
    for (const { bytes } of sent) this.#bytes += bytes;
    const { cursor } = this;
    const confirmed: ConfirmedRecords = { records: this.#records, cursor };
    await this.#settings.onConfirmed?.(confirmed);
    if (cursor !== undefined) this.#positions?.note(cursor);
    this.emit('confirmed', confirmed);
  }

  /** Waits until nothing is in flight. */
  async #settled(): Promise<void> {
    await this.#sending;
  }

  async #finish(): Promise<void> {
    await this.#settled();
    await this.#positions?.save();
  }

  /** The position is kept also after a failure; that failure is the one to report. */
  async #release(error: Error | null): Promise<void> {
    await this.#settled();
    try {
      await this.#positions?.save();
    } catch (failure) {
      if (error === null) throw failure;
    } finally {
      if (this.#isOpen) await this.#sender.close();
    }
  }
}

function cursorOf(record: RecordInput | undefined): string | undefined {
  return isArchiveRecord(record) ? record.cursor : undefined;
}

function toCallback(callback: Callback): (error: unknown) => void {
  return (error) => callback(asError(error));
}
