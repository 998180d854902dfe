import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import type { ArchiveRecord } from '../../lib/codec/records/archive-record.js';
import { toJsonLines } from '../../lib/exporting/to-json-lines.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { collectGarbage } from '../support/collect-garbage.js';
import { CountingFiles } from '../support/counting-files.js';
import { flipBit } from '../support/damaged-archive.js';
import { damageOf } from '../support/decode-archive.js';
import { encodeJsonLines, encodeVersion1 } from '../support/encode-archive.js';
import { forgeFrame } from '../support/forge-frame.js';
import {
  encodeUnsealed,
  numbered,
  type Read,
  readPayloads,
  TemporaryDirectories,
} from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('RollingReadStream, with damaged archives', () => {
  const directories = new TemporaryDirectories();
  const PAYLOADS = Array.from({ length: 600 }, (_, i) => `{"n":${i}}`);
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  async function put(name: string, bytes: Uint8Array): Promise<void> {
    await writeFile(join(directory, name), bytes);
  }

  function read(pattern = '*'): Promise<Read> {
    return readPayloads(createArchiveReader(join(directory, pattern)));
  }

  /** Three archives of 200 records; the block with record 300, in the second, has a flipped bit. */
  async function putDamaged(): Promise<{ readonly path: string; readonly offset: number }> {
    const blocks = Array.from({ length: 6 }, (_, i) =>
      encodeUnsealed(PAYLOADS.slice(100 * i, 100 * (i + 1)), { sequence: 100 * i }),
    );
    const [second = Buffer.alloc(0), damaged = Buffer.alloc(0)] = blocks.slice(2);
    damaged.writeUInt8(damaged.readUInt8(200) ^ 1, 200);
    for (const i of [0, 1, 2]) {
      await put(`x_${i}.events`, Buffer.concat(blocks.slice(2 * i, 2 * i + 2)));
    }
    return { path: join(directory, 'x_1.events'), offset: second.length };
  }

  it('has emitted every event when a loop over batches or records ends', async () => {
    await putDamaged();
    for (const loopOver of ['batches', 'records']) {
      const reader = createArchiveReader(join(directory, '*'), { whenDamaged: 'skip' });
      const events: string[] = [];
      reader.on('damage', () => events.push('damage'));
      reader.on('gap', () => events.push('gap'));
      for await (const _ of loopOver === 'batches' ? reader.batches() : reader);
      expect(events, loopOver).to.deep.equal(['damage', 'gap']);
    }
  });

  it('yields every record before damage, and then names the file and the offset', async () => {
    const damage = await putDamaged();
    const { payloads, error } = await read();
    expect(payloads).to.deep.equal(PAYLOADS.slice(0, 300));
    expect(damageOf(error)).to.include({
      reason: 'bad-checksum',
      archive: damage.path,
      offset: damage.offset,
    });
    expect(damageOf(error).message).to.include(`at byte ${damage.offset} of ${damage.path}`);
  });

  it('closes the damaged file', async () => {
    await putDamaged();
    const files = new CountingFiles();
    const reader = createArchiveReader(join(directory, '*'), { files: files.layer });
    damageOf((await readPayloads(reader)).error);
    expect(files).to.include({ open: 0, mostOpen: 1 });
  });

  it('passes every record before damage to a pipeline, however slow its end is', async () => {
    await putDamaged();
    const taken: string[] = [];
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 3,
      write(record: ArchiveRecord, _encoding, callback) {
        setImmediate(() => {
          taken.push(record.text());
          callback();
        });
      },
    });
    damageOf(await rejection(pipeline(createArchiveReader(join(directory, '*')), slow)));
    expect(taken).to.deep.equal(PAYLOADS.slice(0, 300));
  });

  it('passes every record before damage through toJsonLines', async () => {
    await putDamaged();
    const taken: Buffer[] = [];
    const slow = new Writable({
      highWaterMark: 16,
      write(chunk: Buffer, _encoding, callback) {
        setImmediate(() => {
          taken.push(chunk);
          callback();
        });
      },
    });
    const reader = createArchiveReader(join(directory, '*'));
    damageOf(await rejection(pipeline(reader, toJsonLines(), slow)));
    expect(Buffer.concat(taken).toString().trimEnd().split('\n')).to.deep.equal(
      PAYLOADS.slice(0, 300),
    );
  });

  describe('that are torn', () => {
    const whole = encodeUnsealed(PAYLOADS, { blockBytes: 1000 });

    it('takes the torn tail of an open archive for its end, wherever the cut is', async () => {
      for (const bytes of [0, 1, 5, 63, 64, 65, 3000, whole.length - 1, whole.length]) {
        await put('a.events.open', whole.subarray(0, bytes));
        const { payloads, error } = await read();
        expect(error).to.equal(undefined);
        expect(payloads).to.deep.equal(PAYLOADS.slice(0, payloads.length));
        expect(payloads.length === PAYLOADS.length).to.equal(bytes === whole.length);
      }
    });

    it('takes a torn tail for damage in a sealed archive', async () => {
      for (const bytes of [1, 5, 63, 64, 65, 3000, whole.length - 1]) {
        await put('a.events', whole.subarray(0, bytes));
        const { payloads, error } = await read();
        expect(damageOf(error)).to.include({
          reason: 'torn',
          archive: join(directory, 'a.events'),
        });
        expect(payloads).to.deep.equal(PAYLOADS.slice(0, payloads.length));
      }
    });

    it('takes a torn tail for damage in a gzipped archive, after its records', async () => {
      const bytes = gzipSync(whole);
      for (const torn of [0, 1, 2, 9, 10, 11, 500, bytes.length - 9, bytes.length - 1]) {
        await put('a.events.gz', bytes.subarray(0, torn));
        const { payloads, error } = await read();
        expect(damageOf(error)).to.have.property('archive', join(directory, 'a.events.gz'));
        expect(payloads).to.deep.equal(PAYLOADS.slice(0, payloads.length));
        if (torn > bytes.length - 9) expect(payloads).to.have.length(PAYLOADS.length);
      }
    });

    it('recognises a torn tail in version 1 and in JSON lines', async () => {
      const kinds = [encodeVersion1(['1', '2']), encodeJsonLines(['[1]', '[2]'])];
      for (const bytes of kinds) {
        const torn = bytes.subarray(0, bytes.length - 2);
        await put('a.events', torn);
        await put('b.events.open', torn);
        const sealed = await read('a*');
        expect(damageOf(sealed.error)).to.have.property('reason', 'torn');
        const open = await read('b*');
        expect(open.error).to.equal(undefined);
        expect(open.payloads).to.deep.equal(sealed.payloads);
        expect(open.payloads).to.have.length(1);
      }
    });
  });

  it('never yields records that were not written, whichever bit is flipped', async () => {
    const payloads = numbered('v', 12);
    const bytes = encodeUnsealed(payloads, { blockBytes: 60 });
    const half = Math.floor(bytes.length / 2);
    const gzipped = [bytes.subarray(0, half), bytes.subarray(half)].map((part) => gzipSync(part));
    for (const [name, content, hasHarmless] of [
      ['a.events', bytes, false],
      // A reader would prefer `a.events` to `a.events.gz`.
      ['b.events.gz', Buffer.concat(gzipped), true],
    ] as const) {
      let harmless = 0;
      // The spec of `ArchiveDecoder` flips every bit.
      for (let at = 0; at < content.length; at += 5) {
        await put(name, flipBit(content, 8 * at + (at % 8)));
        const { payloads: found, error } = await read(name);
        if (error === undefined) {
          expect(found, `byte ${at} of ${name}`).to.deep.equal(payloads);
          harmless++;
        } else {
          expect(found).to.deep.equal(payloads.slice(0, found.length), damageOf(error).message);
        }
      }
      // Some bits of gzip headers have no effect, such as those of the time.
      expect(harmless > 0, name).to.equal(hasHarmless);
    }
  }).timeout(120_000);

  it('reads the archives before a damaged head, and names that archive', async () => {
    await putDamaged();
    const path = join(directory, 'x_1.events');
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(30) ^ 1, 30);
    await put('x_1.events', bytes);
    const { payloads, error } = await read();
    expect(payloads).to.deep.equal(PAYLOADS.slice(0, 200));
    expect(damageOf(error)).to.include({ archive: path, offset: 0 });
  });

  describe('that are forged', () => {
    const MIB = 2 ** 20;
    const v1 = (...ints: number[]) =>
      Buffer.concat([
        Buffer.from('847886690100', 'hex'),
        Buffer.from(Int32Array.from(ints).buffer),
      ]);
    const padding = Buffer.alloc(8 * MIB, 'x');
    const forged: Readonly<Record<string, Buffer>> = {
      'a block of 4 GiB': forgeFrame(padding, { bodyBytes: 2 ** 32 - 1, storedBytes: 2 ** 32 - 1 }),
      'so many records': forgeFrame(Buffer.alloc(64), { records: 2 ** 32 - 1 }),
      'a block to be skipped of 4 GiB': forgeFrame(padding, {
        kind: 200,
        storedBytes: 2 ** 32 - 1,
      }),
      'version-1 metadata of 2 GiB': Buffer.concat([v1(2 ** 31 - 1, 4, 0), padding]),
      'a version-1 payload of 2 GiB': Buffer.concat([
        v1(4, 2 ** 31 - 1, 0, 0, 2 ** 31 - 1),
        padding,
      ]),
      'version-1 lengths below zero': Buffer.concat([v1(-4, -1, 0, -1), padding]),
    };
    for (const [what, bytes] of Object.entries(forged)) {
      for (const suffix of ['', '.gz']) {
        it(`reads no more than it may hold of ${what}${suffix && ', gzipped'}`, async () => {
          await put(`a.events${suffix}`, suffix === '' ? bytes : gzipSync(bytes, { level: 1 }));
          const options = { maxRecordBytes: '1 MiB' };
          const before = process.memoryUsage().arrayBuffers;
          const reader = createArchiveReader(join(directory, '*'), options);
          const { payloads, error } = await readPayloads(reader);
          expect(payloads).to.deep.equal([]);
          damageOf(error);
          // Some of it may be garbage, but the forged lengths are of GiB.
          expect(process.memoryUsage().arrayBuffers - before).to.be.below(64 * MIB);
        });
      }
    }

    for (const suffix of ['', '.gz']) {
      it(`holds no more than it may of a line without an end${suffix && ', gzipped'}`, async () => {
        const line = Buffer.alloc(40 * MIB, '"', 'latin1').fill(0, 1);
        // Of level 0, so that each read gives as many bytes of the line. All are read to check the checksum.
        await put(`a.events${suffix}`, suffix === '' ? line : gzipSync(line, { level: 0 }));
        const held: number[] = [];
        let reads = 0;
        const files = new CountingFiles((file) => ({
          read: (...args) => {
            if (++reads % 16 === 2) {
              collectGarbage();
              held.push(process.memoryUsage().arrayBuffers);
            }
            return file.read(...args);
          },
        }));
        const options = { files: files.layer, maxRecordBytes: '1 MiB' };
        const reader = createArchiveReader(join(directory, '*'), options);
        const { payloads, error } = await readPayloads(reader);
        expect(payloads).to.deep.equal([]);
        expect(damageOf(error).found).to.equal('a longer line');
        if (suffix === '') expect(reads).to.be.below(8);
        else expect(held.length).to.be.at.least(3);
        // Up to 8 MiB are kept, because they are inflated again if the member is damaged.
        expect(Math.max(...held) - (held[0] ?? 0)).to.be.below(16 * MIB);
      });
    }
  });
});
