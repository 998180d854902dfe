import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import type { ArchiveRecord } from '../../lib/codec/records/archive-record.js';
import { DamageError } from '../../lib/errors/damage-error.js';
import { type ArchiveReader, createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { CountingFiles } from '../support/counting-files.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('RollingReadStream, in a loop', () => {
  const directories = new TemporaryDirectories();
  const all = Array.from({ length: 502 }, (_, i) => i);
  let directory: string;
  let files: CountingFiles;
  let reader: ArchiveReader;

  beforeEach(async () => {
    directory = await directories.make();
    await writeFile(join(directory, 'a.events'), encodeUnsealed(numbered('v', 500)));
    const rest = encodeUnsealed(['500', '501'], { sequence: 500 });
    await writeFile(join(directory, 'b.events'), rest);
    files = new CountingFiles();
    reader = createArchiveReader(join(directory, '*.events'), { files: files.layer });
  });

  afterEach(() => {
    expect(files.open).to.equal(0);
    return directories.remove();
  });

  async function sequencesOf(source: AsyncIterable<ArchiveRecord>): Promise<unknown[]> {
    const sequences: unknown[] = [];
    for await (const { sequence } of source) sequences.push(sequence);
    return sequences;
  }

  it('yields every record once, and ends as streams do', async () => {
    const events: string[] = [];
    for (const name of ['end', 'close', 'error'] as const) reader.on(name, () => events.push(name));
    const done = finished(reader);
    expect(await sequencesOf(reader)).to.deep.equal(all);
    await done;
    expect(events).to.deep.equal(['end', 'close']);
    expect(reader.readableEnded).to.equal(true);
    expect(await sequencesOf(reader), 'a later loop').to.deep.equal([]);
  });

  it('yields the rest of a stream from which read() took the first record', async () => {
    await once(reader, 'readable');
    expect(reader.read().sequence).to.equal(0);
    expect(await sequencesOf(reader)).to.deep.equal(all.slice(1));
  });

  it('shares the records among several loops', async () => {
    const sequences = (await Promise.all([sequencesOf(reader), sequencesOf(reader)])).flat();
    expect(sequences.map(Number).sort((a, b) => a - b)).to.deep.equal(all);
  });

  it('works with the methods of a Readable', async () => {
    const tenth = reader
      .filter(({ sequence }) => Number(sequence) % 10 === 0)
      .map((x) => x.sequence);
    expect(await tenth.take(3).toArray()).to.deep.equal([0, 10, 20]);
    await once(reader, 'close');
  });

  it('ends a pipeline, which closes the stream', async () => {
    const sequences: unknown[] = [];
    await pipeline(reader, async (source: AsyncIterable<ArchiveRecord>) => {
      sequences.push(...(await sequencesOf(source)));
    });
    expect(sequences).to.deep.equal(all);
    expect(reader.closed).to.equal(true);
  });

  it('yields all records before damage, then destroys the stream and throws', async () => {
    const bytes = encodeUnsealed(numbered('v', 500));
    bytes.fill(0, bytes.length - 50);
    await writeFile(join(directory, 'a.events'), bytes);
    const ending = rejection(finished(reader));
    let records = 0;
    const failure = await rejection(
      (async () => {
        for await (const _ of reader) records++;
      })(),
    );
    expect(failure).to.be.instanceOf(DamageError);
    expect(records).to.be.within(300, 499);
    expect(await ending).to.equal(failure);
    expect(reader.errored).to.equal(failure);
  });

  for (const isFailure of [true, false]) {
    const how = isFailure ? 'with its error' : 'as one that ended too early';

    it(`throws when the stream is destroyed during the loop, ${how}`, async () => {
      const failure = isFailure ? new Error('enough') : undefined;
      let records = 0;
      const outcome = await rejection(
        (async () => {
          for await (const _ of reader) {
            records++;
            if (records === 3) reader.destroy(failure);
          }
        })(),
      );
      if (isFailure) expect(outcome).to.equal(failure);
      else expect(outcome).to.have.property('code', 'ERR_STREAM_PREMATURE_CLOSE');
      expect(records).to.equal(3);
    });
  }

  it('throws the error with which the stream was destroyed before', async () => {
    reader.on('error', () => undefined);
    reader.destroy(new Error('enough'));
    expect(await rejection(sequencesOf(reader))).to.have.property('message', 'enough');
  });

  it('refuses to be read in another way at the same time', async () => {
    const reading = rejection(sequencesOf(reader));
    expect(() => reader.batches()).to.throw(TypeError, 'is already being read');
    reader.read();
    expect(await reading).to.be.instanceOf(TypeError);
  });

  it('opens nothing before the first record is requested', async () => {
    const records = reader[Symbol.asyncIterator]();
    expect(files.listed).to.deep.equal([]);
    await records.next();
    expect(files.open).to.equal(1);
    await records.return?.();
    expect(reader.destroyed).to.equal(true);
    await once(reader, 'close');
  });
});
