import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

import avro from 'avsc';

import { feed } from '../feed.js';
import type { Input } from '../inputs/input.js';

/** With its default of 64 KiB, it takes 2.5 times as long. */
const BLOCK_BYTES = 2 ** 20;

const typeOf = (payload: 'string' | 'bytes') =>
  avro.Type.forSchema({
    type: 'record',
    name: 'Record',
    fields: [
      { name: 'metadata', type: { type: 'map', values: 'string' } },
      { name: 'payload', type: payload },
    ],
  });

/** A record as the file decoder gives it. */
export interface AvroRecord {
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/**
 * Writes as `createFileEncoder` does, which does not report when the file is finished. The payloads
 * are text or bytes, as the input has them.
 */
export async function writeAvro(path: string, input: Input): Promise<void> {
  const isText = typeof input.distinct[0]?.payload === 'string';
  const encoder = new avro.streams.BlockEncoder(typeOf(isText ? 'string' : 'bytes'), {
    blockSize: BLOCK_BYTES,
    codec: 'null',
  });
  const file = createWriteStream(path);
  encoder.pipe(file);
  await feed(encoder, input, (record) => record);
  await finished(file);
}

/** A file with payloads of bytes: faster to read than text, and what the other readers give. */
export async function writeAvroForReading(path: string, input: Input): Promise<void> {
  const distinct = input.distinct.map(({ metadata, payload }) => ({
    metadata,
    payload: Buffer.from(payload),
  }));
  await writeAvro(path, { ...input, distinct });
}

/** Reads a file with `data` events, its fastest way. */
export async function readAvro(path: string, use: (record: AvroRecord) => void): Promise<void> {
  const decoder = avro.createFileDecoder(path);
  decoder.on('data', use);
  await finished(decoder, { writable: false });
}
