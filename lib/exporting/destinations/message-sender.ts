import type { ExportedRecord } from '../../codec/records/exported-record.js';
import type { DeliveryError } from '../../errors/delivery-error.js';
import { untilAborted } from '../../streams/until-aborted.js';

/** Sends messages to one place. A `Destination` calls it with one batch at a time. */
export interface MessageSender<Message> {
  /** Connects, if the client is not connected. */
  open(): Promise<void>;
  /**
   * The message for a record.
   *
   * @throws RecordError for a record that no message can hold
   */
  toMessage(record: ExportedRecord): Message;
  /** Sends messages in their order, and waits until they are confirmed or refused. */
  send(messages: readonly Message[], signal: AbortSignal): Promise<SendResult>;
  /** Releases what `open` took. The client is the caller's, and stays open. */
  close(): Promise<void>;
}

/** The result of sending a batch. */
export interface SendResult {
  /** How many messages from the first one on are confirmed, without a gap. */
  readonly confirmed: number;
  /** Why the next one is not; undefined if all are confirmed. */
  readonly failure?: DeliveryError | undefined;
  /** How long the destination wants to be left alone, in ms. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Sends messages at once, and waits for the result of each, or until the signal aborts.
 *
 * @param sendOne begins to send at once; settles with why the message is not confirmed, or undefined
 *   if it is
 */
export async function sendEach<Message>(
  messages: readonly Message[],
  signal: AbortSignal,
  sendOne: (message: Message) => Promise<DeliveryError | undefined>,
): Promise<SendResult> {
  const outcomes: (DeliveryError | 'pending' | undefined)[] = messages.map(() => 'pending');
  const sending = messages.map(async (message, at) => {
    outcomes[at] = await sendOne(message);
  });
  await untilAborted(Promise.all(sending), signal);
  const confirmed = outcomes.findIndex((outcome) => outcome !== undefined);
  if (confirmed === -1) return { confirmed: messages.length };
  const failure = outcomes[confirmed];
  return { confirmed, failure: failure === 'pending' ? undefined : failure };
}
