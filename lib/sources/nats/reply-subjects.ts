import type { JsMsg } from '@nats-io/jetstream';

/** A message that can be acknowledged, and with it all before it. */
interface Acknowledgeable {
  readonly seq: number;
  /** The subject to which the acknowledgement is sent. */
  readonly reply: string;
}

/** Of so many messages in a row, one is remembered. */
const MESSAGES_PER_SUBJECT = 256;

/**
 * The reply subjects by which positions are acknowledged. Only some are kept, because with `ack:
 * 'shipped'` millions of messages may be unacknowledged: a position in between is acknowledged with
 * the next one.
 */
export class ReplySubjects {
  /** Ascending by sequence. The last one is that of the last message. */
  readonly #kept: Acknowledgeable[] = [];
  #sinceKept = 0;

  add(seq: number, reply: string): void {
    // The last one is only kept for good if enough messages came since the one before.
    if (this.#sinceKept % MESSAGES_PER_SUBJECT !== 0) this.#kept.pop();
    this.#kept.push({ seq, reply });
    this.#sinceKept++;
  }

  /** Takes the subject that acknowledges most of the messages up to a position. */
  take(position: number): string | undefined {
    const later = this.#kept.findIndex(({ seq }) => seq > position);
    const count = later === -1 ? this.#kept.length : later;
    const reply = this.#kept[count - 1]?.reply;
    this.#kept.splice(0, count);
    // The last one may have been taken: then the next one is the first.
    if (this.#kept.length === 0) this.#sinceKept = 0;
    return reply;
  }
}

/** The subject to which a message is acknowledged. The client has it, and does not declare it. */
export function replySubjectOf(message: JsMsg, consumer: string): string {
  if ('reply' in message && typeof message.reply === 'string') return message.reply;
  const { deliverySequence, stream, streamSequence } = message.info;
  return replySubject(stream, consumer, streamSequence, deliverySequence);
}

/** The subject as the server makes it (ADR-15 of NATS), within one account. */
export function replySubject(
  stream: string,
  consumer: string,
  streamSequence: number,
  deliverySequence: number,
): string {
  return `$JS.ACK.${stream}.${consumer}.1.${streamSequence}.${deliverySequence}.0.0`;
}
