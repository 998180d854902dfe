import type { InvalidMessage } from '../../index.js';

/** A message of a broker that no record can hold, as a line of JSON: everything that it has. */
export function rejectedMessage({ position, reason, record, series }: InvalidMessage): Buffer {
  const isWhole = typeof record === 'object' && 'payload' in record;
  const { metadata, payload, timeMicros } = isWhole ? record : { payload: record };
  const time = timeMicros === undefined ? {} : { time: new Date(timeMicros / 1000) };
  const isRaw = typeof payload === 'string' || payload instanceof Uint8Array;
  const content = isRaw ? { payloadBase64: Buffer.from(payload).toString('base64') } : { payload };
  const line = { series, position, reason: reason.message, ...time, metadata, ...content };
  return Buffer.from(JSON.stringify(line));
}
