import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { type IWritable, McapStreamReader, McapWriter } from '@mcap/core';

import { type BenchRecord, type Input, recordsOf } from '../inputs/input.js';

const CHUNK_BYTES = 2 ** 20;
const LENGTH_BYTES = 4;

/** A writable file like that of `@mcap/nodejs`. */
class FileWritable implements IWritable {
  readonly #file: FileHandle;
  #position = 0n;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const { bytesWritten } = await this.#file.write(bytes);
    this.#position += BigInt(bytesWritten);
  }

  position(): bigint {
    return this.#position;
  }
}

/** Writes uncompressed chunks of 1 MiB, its default. It does not roll. */
export async function writeMcap(path: string, input: Input): Promise<void> {
  const file = await open(path, 'w');
  const writer = new McapWriter({ writable: new FileWritable(file) });
  await writer.start({ profile: '', library: 'bench' });
  const channelId = await writer.registerChannel({
    schemaId: 0,
    topic: 'records',
    messageEncoding: 'bytes',
    metadata: new Map(),
  });
  const now = BigInt(Date.now()) * 1_000_000n;
  let sequence = 0;
  for (const record of recordsOf(input)) {
    const data = encode(record);
    await writer.addMessage({
      channelId,
      sequence: sequence++,
      logTime: now,
      publishTime: now,
      data,
    });
  }
  await writer.end();
  await file.close();
}

/** Reads with its stream reader, the faster of its two readers. */
export async function readMcap(
  path: string,
  use: (metadata: Readonly<Record<string, string>>, payload: Uint8Array) => void,
): Promise<void> {
  const reader = new McapStreamReader();
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    reader.append(chunk);
    for (let found = reader.nextRecord(); found !== undefined; found = reader.nextRecord()) {
      if (found.type !== 'Message') continue;
      const data = Buffer.from(found.data.buffer, found.data.byteOffset, found.data.byteLength);
      const payloadStart = LENGTH_BYTES + data.readUInt32LE();
      const metadata = JSON.parse(data.toString('utf8', LENGTH_BYTES, payloadStart));
      use(metadata, data.subarray(payloadStart));
    }
  }
}

/** An MCAP message has no metadata: it precedes the payload here, as a length and JSON. */
function encode({ metadata, payload }: BenchRecord): Buffer {
  const json = JSON.stringify(metadata);
  const data = Buffer.allocUnsafe(LENGTH_BYTES + 3 * (json.length + payload.length));
  const jsonBytes = data.write(json, LENGTH_BYTES);
  data.writeUInt32LE(jsonBytes);
  const payloadStart = LENGTH_BYTES + jsonBytes;
  const payloadBytes =
    typeof payload === 'string'
      ? data.write(payload, payloadStart)
      : payload.copy(data, payloadStart);
  return data.subarray(0, payloadStart + payloadBytes);
}
