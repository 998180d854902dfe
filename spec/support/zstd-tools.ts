import { spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { nodeZstd } from '../../lib/codec/compression/zstd/node-zstd.js';
import { decompress } from '../../lib/streams/compression/decompress.js';
import {
  SeekableZstd,
  type SeekableZstdOptions,
} from '../../lib/streams/compression/seekable-zstd.js';
import { zstdReader } from '../../lib/streams/compression/zstd-reader.js';
import { iterate } from '../streams/stream-tools.js';
import { cut } from './decode-archive.js';

let wasSaid = false;

/** Skips a spec on a Node without zstd, and says so, once for all of them. */
export function needsZstd(spec: Mocha.Context): void {
  if (nodeZstd !== null) return;
  if (!wasSaid) console.warn(`specs of zstd are skipped: Node ${process.versions.node} has none`);
  wasSaid = true;
  spec.skip();
}

/** What `zstd -dc` makes of `bytes`. Skips the spec, with a message, where the command is missing. */
export function commandOutput(spec: Mocha.Context, bytes: Buffer, args = ['-dc']): Buffer {
  const found = spawnSync('zstd', args, { input: bytes, maxBuffer: 2 ** 28 });
  if (found.error !== undefined) {
    console.warn(`skipped, as there is no command zstd: ${titleOf(spec)}`);
    spec.skip();
  }
  if (found.status !== 0) throw new Error(`zstd: ${found.stderr}`);
  return found.stdout;
}

function titleOf(spec: Mocha.Context): string {
  return spec.test?.fullTitle() ?? 'a hook';
}

/** The output of a `SeekableZstd` for `bytes`. */
export async function compressZstd(
  bytes: Uint8Array,
  options: SeekableZstdOptions = {},
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const source = Readable.from(cut(bytes, 65_536), { objectMode: false });
  await pipeline(source, new SeekableZstd(options), async (compressed: AsyncIterable<Buffer>) => {
    for await (const piece of compressed) pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

/** The result of reading zstd of any program. */
export async function decompressAll(bytes: Buffer, size = bytes.length): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of decompress(zstdReader, iterate(cut(bytes, size)))) pieces.push(piece);
  return Buffer.concat(pieces);
}

export interface FoundFrame {
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * The zstd frames of a whole file of ours. Uses the numbers of docs/format-zstd.md, so that it
 * shares no mistake with the codec.
 */
export function framesOf(zstd: Buffer): FoundFrame[] {
  const frames: FoundFrame[] = [];
  for (let offset = 0; offset < zstd.length; ) {
    let at = offset + 8 + zstd.readUInt32LE(offset + 4);
    if (zstd[offset] === 0x28) {
      const isSingle = (zstd.readUInt8(offset + 4) & 0x20) !== 0;
      at = offset + 4 + 1 + (isSingle ? 0 : 1) + 8;
      for (let isLast = false; !isLast; ) {
        const header = zstd.readUIntLE(at, 3);
        isLast = (header & 1) === 1;
        at += 3 + ((header & 6) === 2 ? 1 : header >> 3);
      }
      at += 4;
    }
    frames.push({ offset, bytes: zstd.subarray(offset, at) });
    offset = at;
  }
  return frames;
}
