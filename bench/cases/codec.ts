import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

import { Decoder, Encoder } from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { feed } from '../feed.js';
import { loadInput } from '../inputs/input.js';
import { readFiles } from '../read-files.js';
import { writeUnsynced } from '../write-series.js';
import { Found } from './read-case.js';

const CHUNK_BYTES = 256 * 2 ** 10;

/** The `Encoder` alone; its bytes are discarded. */
export const encode: BenchCase = async ({ input: name, scale }) => {
  const input = await loadInput(name, scale);
  return {
    async run() {
      const encoder = new Encoder();
      let bytes = 0;
      encoder.on('data', (chunk) => {
        bytes += chunk.length;
      });
      const done = finished(encoder);
      await feed(encoder, input, (record) => record);
      await done;
      if (bytes < 0.9 * input.bytes) throw new Error(`encoded ${bytes} of ${input.bytes} bytes`);
      return { records: input.count, bytes: input.bytes };
    },
  };
};

/** The `Decoder` alone, from memory. Reads metadata and payload of each record. */
export const decode: BenchCase = async ({ directory, input: name, scale }) => {
  const input = await loadInput(name, scale);
  const source = join(directory, 'source');
  await emptyDirectory(source);
  await writeUnsynced(source, input);
  const archive = await readFiles(source);
  return {
    async run() {
      const found = new Found();
      const decoder = Readable.from(chunksOf(archive)).pipe(new Decoder());
      decoder.on('data', ({ metadata, payload }) => found.addBoth(metadata, payload));
      await finished(decoder);
      if (found.records !== input.count) throw new Error(`decoded ${found.records} records`);
      return { records: input.count, bytes: input.bytes };
    },
  };
};

function* chunksOf(archive: Buffer): Generator<Buffer> {
  for (let at = 0; at < archive.length; at += CHUNK_BYTES) {
    yield archive.subarray(at, at + CHUNK_BYTES);
  }
}
