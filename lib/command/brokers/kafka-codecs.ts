import zlib from 'node:zlib';

import { loadPackage } from './load-package.js';

/** What KafkaJS calls of a codec. */
interface Codec {
  compress(encoder: unknown): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** The numbers of compressions in batches of Kafka's protocol. */
const [SNAPPY, LZ4, ZSTD] = [2, 3, 4];

/** Larger batches are refused: Kafka's own limit is 1 MiB by default. */
const MOST_BYTES = 2 ** 28;

/**
 * Registers codecs with KafkaJS for topics that are compressed with Snappy, LZ4 or zstd. Each loads
 * its package when the first such batch comes. gzip is built into KafkaJS.
 *
 * @param onFailed as in `addKafkaCodecs`
 */
export async function registerKafkaCodecs(onFailed: (error: unknown) => void): Promise<void> {
  const module = await import('kafkajs');
  // Node finds not all names that a CommonJS module exports.
  const exported: unknown = Reflect.get(module, 'default') ?? module;
  addKafkaCodecs(Reflect.get(Object(exported), 'CompressionCodecs'), onFailed);
}

/**
 * Adds codecs to `CompressionCodecs` of KafkaJS.
 *
 * @param onFailed called with the error that says what to install; the client itself would only try
 *   again
 */
export function addKafkaCodecs(
  codecs: Record<number, () => Codec>,
  onFailed: (error: unknown) => void,
): void {
  const reading = (decompress: (bytes: Buffer) => Promise<Buffer>) => (): Codec => ({
    compress: () => Promise.reject(new Error('this command does not produce compressed messages')),
    async decompress(bytes) {
      try {
        return await decompress(bytes);
      } catch (error) {
        onFailed(error);
        throw error;
      }
    },
  });
  codecs[SNAPPY] = reading(decompressSnappy);
  codecs[LZ4] = reading(decompressLz4);
  codecs[ZSTD] = reading(decompressZstd);
}

type Decompress = (bytes: Buffer) => unknown;

/** Begins a batch of Java clients: blocks of Snappy, each after its length. */
const XERIAL_MAGIC = Buffer.from('\x82SNAPPY\0', 'latin1');
const XERIAL_HEADER_BYTES = 16;
const LENGTH_BYTES = 4;

/** A batch is one block of Snappy, or a series of them as snappy-java writes it. */
async function decompressSnappy(bytes: Buffer): Promise<Buffer> {
  const uncompress = await load('snappy', 'uncompress', 'Snappy');
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    return await uncompressBlock(bytes, uncompress);
  }
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const begin = at + LENGTH_BYTES;
    const length = begin <= bytes.length ? bytes.readUInt32BE(at) : bytes.length;
    if (begin + length > bytes.length) throw new Error('a batch in Snappy ends within a block');
    blocks.push(await uncompressBlock(bytes.subarray(begin, begin + length), uncompress));
    at = begin + length;
  }
  return Buffer.concat(blocks);
}

async function uncompressBlock(block: Buffer, uncompress: Decompress): Promise<Buffer> {
  if (uncompressedBytes(block) > MOST_BYTES) throw new Error('a block in Snappy is too large');
  return asBuffer(await uncompress(block));
}

/** The size that a block of Snappy states in its first bytes, a varint. */
function uncompressedBytes(block: Buffer): number {
  let size = 0;
  for (const [at, byte] of block.subarray(0, 5).entries()) {
    size += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return size;
  }
  return Number.POSITIVE_INFINITY;
}

async function decompressLz4(bytes: Buffer): Promise<Buffer> {
  const decompressFrame = await load('lz4-napi', 'decompressFrame', 'LZ4');
  return asBuffer(await decompressFrame(bytes));
}

/** By Node itself from 22.15 on. */
async function decompressZstd(bytes: Buffer): Promise<Buffer> {
  const ofNode: unknown = Reflect.get(zlib, 'zstdDecompress');
  if (typeof ofNode === 'function') {
    const options = { maxOutputLength: MOST_BYTES };
    return await new Promise((resolve, reject) => {
      ofNode(bytes, options, (error: Error | null, result: Buffer) =>
        error === null ? resolve(result) : reject(error),
      );
    });
  }
  const decompress = await load('fzstd', 'decompress', 'zstd');
  return asBuffer(await decompress(bytes));
}

async function load(name: string, method: string, compression: string): Promise<Decompress> {
  const purpose = `a topic that is compressed with ${compression}`;
  const module: unknown = await loadPackage([name], purpose, () => import(name));
  const found: unknown = Reflect.get(Object(module), method);
  if (typeof found === 'function') return (bytes) => found(bytes);
  throw new Error(`${purpose} needs ${method} of the package ${name}, which is another version`);
}

function asBuffer(bytes: unknown): Buffer {
  if (!(bytes instanceof Uint8Array)) throw new Error('a codec gave no bytes');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
