import { parseIsoMicros } from '../../codec/records/iso-time.js';
import { textOfBytes } from '../../exporting/messages/metadata-text.js';
import type { NatsSourceConnection } from './nats-client.js';
import type { NatsRecord } from './nats-record.js';

/** The metadata key of a block of headers that the client cannot read, or not without loss. */
const HEADERS = 'nats.headers';

const TIMEOUT_MS = 5000;

/** A stored message as the server describes it (JetStream API, `STREAM.MSG.GET`). */
interface RawMessage {
  readonly subject: string;
  readonly time: string;
  /** In base64. */
  readonly data?: string;
  readonly hdrs?: string;
}

/**
 * The record for a message whose headers the client refuses to read: the server takes any bytes for
 * them. They are kept as they are, as metadata `nats.headers`. Otherwise one such message would end
 * every archiver of its stream.
 *
 * @throws Error if the server no longer has the message
 */
export async function readRawRecord(
  connection: NatsSourceConnection,
  stream: string,
  seq: number,
): Promise<NatsRecord> {
  const query = Buffer.from(JSON.stringify({ seq }));
  const subject = `$JS.API.STREAM.MSG.GET.${stream}`;
  const answer = (await connection.request(subject, query, { timeout: TIMEOUT_MS })).json();
  const message = messageIn(answer);
  if (message === undefined) {
    throw new Error(`message ${seq} has headers that cannot be read, and is not there any more`);
  }
  const { data = '', hdrs = '' } = message;
  return {
    sequence: seq,
    payload: Buffer.from(data, 'base64'),
    metadata: {
      'nats.subject': message.subject,
      [HEADERS]: textOfBytes(Buffer.from(hdrs, 'base64')),
    },
    timeMicros: parseIsoMicros(message.time),
  };
}

function messageIn(answer: unknown): RawMessage | undefined {
  const isObject = typeof answer === 'object' && answer !== null && 'message' in answer;
  const message = isObject ? answer.message : undefined;
  return isRawMessage(message) ? message : undefined;
}

function isRawMessage(message: unknown): message is RawMessage {
  if (typeof message !== 'object' || message === null) return false;
  const { data, hdrs, subject, time }: Partial<Record<keyof RawMessage, unknown>> = message;
  const areBytes = [data, hdrs].every((each) => each === undefined || typeof each === 'string');
  return typeof subject === 'string' && typeof time === 'string' && areBytes;
}
