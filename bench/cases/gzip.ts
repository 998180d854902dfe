import { join } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { SeekableGzip } from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { loadInput } from '../inputs/input.js';
import { readFiles } from '../read-files.js';
import { writeUnsynced } from '../write-series.js';

/** The size of the chunks in which an archive is read from disk. */
const CHUNK_BYTES = 128 * 2 ** 10;

/** Half of the input is enough, because gzip is slow. */
const SHARE = 0.5;

/** Compresses an archive with `SeekableGzip` and its defaults. */
export const gzipShoebox = gzipCase(() => new SeekableGzip());

/** Compresses the same archive with one stream of zlib at the same level. */
export const gzipLimit = gzipCase(() => createGzip({ level: 6 }));

/** `value` is the compressed size. */
export function gzipCase(create: () => Transform): BenchCase {
  return async ({ directory, input: name, scale }) => {
    const input = await loadInput(name, scale * SHARE);
    const source = join(directory, 'source');
    await emptyDirectory(source);
    await writeUnsynced(source, input);
    const archive = await readFiles(source);
    return {
      async run() {
        const value = await compressedBytes(archive, create());
        return { records: input.count, bytes: archive.length, value };
      },
    };
  };
}

async function compressedBytes(archive: Buffer, gzip: Transform): Promise<number> {
  let bytes = 0;
  await pipeline(Readable.from(chunksOf(archive)), gzip, async (compressed) => {
    for await (const chunk of compressed) bytes += chunk.length;
  });
  return bytes;
}

function* chunksOf(archive: Buffer): Generator<Buffer> {
  for (let at = 0; at < archive.length; at += CHUNK_BYTES) {
    yield archive.subarray(at, at + CHUNK_BYTES);
  }
}
