import { readdir, readlink } from 'node:fs/promises';
import { PassThrough, Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { toJsonLines } from '../../lib/exporting/to-json-lines.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { ignoreClosedPipe } from '../../lib/streams/closed-pipe.js';
import { CountingFiles } from '../support/counting-files.js';
import { TemporaryDirectories } from '../support/series.js';

/** More than the records that a reader decodes ahead. */
const RECORDS = 3000;

describe('a reader as a stream', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  before(async () => {
    directory = await directories.make();
    const writer = createArchiveWriter({ directory, roll: ({ records }) => records === 1000 });
    for (let i = 0; i < RECORDS; i++) {
      if (!writer.write({ metadata: { kind: i % 2 === 0 ? 'even' : 'odd' }, payload: { i } })) {
        await new Promise<void>((resolve) => writer.once('drain', () => resolve()));
      }
    }
    await writer.close();
  });

  after(() => directories.remove());

  type Reader = ReturnType<typeof createArchiveReader>;

  const uses: Readonly<Record<string, (reader: Reader) => Promise<unknown>>> = {
    'a loop with break': async (reader) => {
      for await (const record of reader) return record.sequence;
      return undefined;
    },
    'a loop over batches with break': async (reader) => {
      for await (const [record] of reader.batches()) return record?.sequence;
      return undefined;
    },
    'filter, map and take': (reader) =>
      reader
        .filter(({ metadata }) => metadata.kind === 'odd')
        .map(({ sequence }) => sequence)
        .take(2)
        .toArray(),
    find: async (reader) => (await reader.find(({ sequence }) => sequence === 7))?.sequence,
    'toWeb with cancel': async (reader) => {
      const web = Readable.toWeb(reader).getReader();
      const { value } = await web.read();
      await web.cancel();
      await finished(reader).catch(() => undefined);
      return value?.sequence;
    },
    'toWeb to its end': async (reader) => {
      let last: number | undefined;
      for await (const record of Readable.toWeb(reader)) last = record.sequence;
      return last;
    },
    'compose with a function, and break': async (reader) => {
      const texts = reader.compose(async function* (records) {
        for await (const record of records) yield record.text();
      });
      for await (const text of texts) {
        texts.destroy();
        await finished(reader).catch(() => undefined);
        return text;
      }
      return undefined;
    },
    'compose with a Transform': async (reader) => {
      const lines = reader.compose(toJsonLines());
      const chunks: Buffer[] = [];
      for await (const chunk of lines) chunks.push(chunk);
      return Buffer.concat(chunks).toString().split('\n').length - 1;
    },
    'a pipeline whose reader closes its pipe': async (reader) => {
      const closed = new Writable({
        write: (_chunk, _encoding, callback) =>
          callback(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
      });
      await pipeline(reader, toJsonLines(), closed).catch(ignoreClosedPipe);
      return reader.destroyed;
    },
    'a pipeline that a signal ends': async (reader) => {
      const ending = new AbortController();
      const sink = new PassThrough({ objectMode: true, highWaterMark: 1 });
      const piped = pipeline(reader, sink, { signal: ending.signal });
      ending.abort();
      return piped.catch((error: Error) => error.name);
    },
    'a disposal': async (reader) => {
      await using disposed = reader;
      await disposed[Symbol.asyncIterator]().next();
      return undefined;
    },
  };
  const results: Readonly<Record<string, unknown>> = {
    'a loop with break': 0,
    'a loop over batches with break': 0,
    'filter, map and take': [1, 3],
    find: 7,
    'toWeb with cancel': 0,
    'toWeb to its end': RECORDS - 1,
    'compose with a function, and break': '{"i":0}',
    'compose with a Transform': RECORDS,
    'a pipeline whose reader closes its pipe': true,
    'a pipeline that a signal ends': 'AbortError',
    'a disposal': undefined,
  };
  for (const [name, use] of Object.entries(uses)) {
    it(`leaves no file open after ${name}`, async () => {
      const files = new CountingFiles();
      const reader = createArchiveReader(`${directory}/*.events`, { files: files.layer });
      expect(await use(reader)).to.deep.equal(results[name]);
      if (!reader.closed) await finished(reader).catch(() => undefined);
      if (!reader.closed) await new Promise((resolve) => reader.once('close', resolve));
      expect(files.open).to.equal(0);
      expect(await openArchives()).to.deep.equal([]);
    });
  }

  /** The archives that this process has descriptors of, where the system lists them. */
  async function openArchives(): Promise<string[]> {
    const descriptors = await readdir('/proc/self/fd').catch(() => []);
    const paths = descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => ''));
    return (await Promise.all(paths)).filter((path) => path.startsWith(directory));
  }
});
