import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import type { ArchiveRecord } from '../../lib/codec/records/archive-record.js';
import { DamageError } from '../../lib/errors/damage-error.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { CountingFiles } from '../support/counting-files.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('RollingReadStream.batches', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
    await writeFile(join(directory, 'a.events'), encodeUnsealed(numbered('v', 500)));
    const rest = encodeUnsealed(['500', '501'], { sequence: 500 });
    await writeFile(join(directory, 'b.events'), rest);
  });

  afterEach(() => directories.remove());

  function createReader(options = {}) {
    return createArchiveReader(join(directory, '*.events'), options);
  }

  it('yields every record once, in order, in arrays that are not empty', async () => {
    // The first archive holds all of these records already.
    await writeFile(join(directory, 'c.events'), encodeUnsealed(numbered('v', 500)));
    const sizes: number[] = [];
    const sequences: unknown[] = [];
    for await (const records of createReader().batches()) {
      sizes.push(records.length);
      sequences.push(...records.map(({ sequence }) => sequence));
    }
    expect(sequences).to.deep.equal(Array.from({ length: 502 }, (_, i) => i));
    expect(Math.min(...sizes)).to.be.greaterThan(0);
    expect(sizes.length).to.be.lessThan(20);
  });

  it('yields all records before damage, then throws, and emits no error', async () => {
    const bytes = encodeUnsealed(numbered('v', 500));
    bytes.fill(0, bytes.length - 50);
    await writeFile(join(directory, 'a.events'), bytes);
    const records: ArchiveRecord[] = [];
    const reader = createReader();
    const failure = await rejection(collect(reader.batches(), records));
    expect(failure).to.be.instanceOf(DamageError);
    expect(records.length).to.be.within(300, 499);
    expect(reader.destroyed).to.equal(true);
  });

  it('closes the file when the loop breaks off', async () => {
    const files = new CountingFiles();
    const reader = createReader({ files: files.layer });
    for await (const _ of reader.batches()) break;
    expect(files.open).to.equal(0);
    expect(reader.destroyed).to.equal(true);
  });

  it('throws the AbortError of the signal', async () => {
    const controller = new AbortController();
    const files = new CountingFiles();
    const reader = createReader({ signal: controller.signal, files: files.layer });
    async function read(): Promise<void> {
      for await (const _ of reader.batches()) controller.abort();
    }
    expect(await rejection(read())).to.have.property('name', 'AbortError');
    expect(files.open).to.equal(0);
  });

  it('ends when the stream is destroyed, and throws the error if there is one', async () => {
    const records: ArchiveRecord[] = [];
    const ended = createReader();
    for await (const batch of ended.batches()) {
      records.push(...batch);
      ended.destroy();
    }
    expect(records.length).to.be.lessThan(500);
    const failed = createReader();
    const failure = rejection(collect(failed.batches(), records));
    failed.destroy(new Error('enough'));
    expect(await failure).to.have.property('message', 'enough');
  });

  it('opens nothing before the first batch is requested', async () => {
    const files = new CountingFiles();
    const batches = createReader({ files: files.layer }).batches();
    expect(files.listed).to.deep.equal([]);
    await batches.next();
    expect(files.open).to.equal(1);
    await batches.return();
    expect(files.open).to.equal(0);
  });

  it('refuses to share the series with another consumer of the stream', async () => {
    const read = createReader();
    read.read();
    expect(() => read.batches()).to.throw(TypeError, 'is already being read');
    read.destroy();
    const shared = createReader();
    const batches = shared.batches();
    expect(() => shared.batches()).to.throw(TypeError, 'is already being read');
    await batches.next();
    expect(await rejection(shared.toArray())).to.be.instanceOf(TypeError);
    expect(await rejection(batches.next())).to.be.instanceOf(TypeError);
  });
});

async function collect(batches: AsyncIterable<ArchiveRecord[]>, into: ArchiveRecord[]) {
  for await (const records of batches) into.push(...records);
}
