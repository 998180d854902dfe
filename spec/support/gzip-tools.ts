import { existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { gzipFormat } from '../../lib/codec/compression/gzip/gzip-format.js';
import { readFileEnd } from '../../lib/codec/compression/members/file-end.js';
import {
  decodeMemberIndex,
  type IndexedMember,
} from '../../lib/codec/compression/members/member-index.js';
import {
  SeekableGzip,
  type SeekableGzipOptions,
} from '../../lib/streams/compression/seekable-gzip.js';
import { cut } from './decode-archive.js';
import { encodeBlocks } from './encode-archive.js';

/** The output of a `SeekableGzip` for `bytes`, written in chunks of `size`. */
export async function compressAll(
  bytes: Uint8Array,
  options: SeekableGzipOptions = {},
  size = 65_536,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const source = Readable.from(cut(bytes, size), { objectMode: false });
  await pipeline(source, new SeekableGzip(options), async (compressed: AsyncIterable<Buffer>) => {
    for await (const piece of compressed) pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

export interface FoundMember {
  readonly offset: number;
  readonly bytes: Buffer;
  /** 1 data, 2 index, 3 end. */
  readonly kind: number;
}

/**
 * The members of a whole seekable gzip, found by their own sizes. Uses the numbers of
 * docs/format-gzip.md, so that it shares no mistake with the codec.
 */
export function membersOf(gzip: Buffer): FoundMember[] {
  const members: FoundMember[] = [];
  for (let offset = 0; offset < gzip.length; ) {
    const kind = gzip.readUInt8(offset + 17);
    const empty = 16 + gzip.readUInt16LE(offset + 14) + 10;
    const length = kind === 1 ? Number(gzip.readBigUInt64LE(offset + 20)) : empty;
    members.push({ offset, bytes: gzip.subarray(offset, offset + length), kind });
    offset += length;
  }
  return members;
}

/** The member index of a whole seekable gzip, read from its end. */
export function indexOf(gzip: Buffer): IndexedMember[] {
  const end = readFileEnd(gzipFormat, {
    head: gzip.subarray(0, 64),
    tail: gzip,
    fileBytes: gzip.length,
  });
  if (end.kind !== 'seekable') throw new Error(`not seekable: ${end.kind}`);
  const suffix = gzip.subarray(gzip.length - end.suffixBytes);
  return decodeMemberIndex(gzipFormat, { suffix, totals: end.totals, fileBytes: gzip.length });
}

/** An archive of about 50 KB: 300 records in blocks of 2 KiB, which compress moderately. */
export function sampleBlocks(): Buffer {
  const records = Array.from({ length: 300 }, (_, i) => ({
    metadata: { kind: i % 3 === 0 ? 'login' : 'logout', host: `host-${i % 7}` },
    payload: `${i}:${Array.from({ length: 20 }, (_, j) => ((i + 1) * (j + 7) * 2_654_435) % 9973)}`,
    timeMicros: 1_700_000_000_000_000 + 1000 * i,
  }));
  return encodeBlocks(records, { blockBytes: 2048 });
}

const CORPORA = [
  '../../../shared/corpus/notifications.jsonl.gz',
  '../../examples/data/notifications.jsonl.gz',
].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/**
 * Notifications as JSON lines: the corpus beside the project if there is one, otherwise the
 * examples'.
 */
export function corpusLines(): Buffer {
  const path = CORPORA.find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`no corpus: ${CORPORA.join(', ')}`);
  return gunzipSync(readFileSync(path));
}

/** The fault that a decoder reported to `gzipFail`. */
class Refusal extends Error {}

/** For decoders that take their way to fail as an argument. */
export function gzipFail(at: number, expected: string, found: string): never {
  throw new Refusal(`byte ${at}: ${expected}, not ${found}`);
}

/** The fault that `decode` reports to `gzipFail`; undefined when it reports none. */
export function refusalOf(decode: () => unknown): string | undefined {
  try {
    decode();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}
