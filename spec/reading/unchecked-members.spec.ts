import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { DamageError } from '../../lib/errors/damage-error.js';
import type { RollingReadOptions } from '../../lib/reading/rolling-read-options.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { encodeBlocks, encodeVersion1 } from '../support/encode-archive.js';
import { compressAll } from '../support/gzip-tools.js';
import { readPayloads, TemporaryDirectories } from '../support/series.js';

/** Three archives of one kind, whose payloads are numbered. */
type Encode = (from: number, count: number, filling?: string) => Buffer;

const payload = (i: number, filling = '') =>
  `{"n":${100_000 + i}${filling && `,"x":"${filling}"`}}`;
const payloads = (from: number, count: number, filling?: string) =>
  Array.from({ length: count }, (_, i) => payload(from + i, filling));

const ENCODERS: Readonly<Record<'JSON lines' | 'version 1' | 'version 2', Encode>> = {
  'JSON lines': (...args) =>
    Buffer.from(
      payloads(...args)
        .map((line) => `${line}\n`)
        .join(''),
    ),
  'version 1': (...args) => encodeVersion1(payloads(...args).map((text) => ({ payload: text }))),
  'version 2': (from, ...rest) =>
    encodeBlocks(payloads(from, ...rest), { sequence: from, blockBytes: 100 }),
};

/** Deflate stores bytes as they are at this level, so that another digit is another digit. */
const STORED = { level: 0 };

/** Changes a digit, so that the line is still valid. */
function alter(bytes: Buffer, payloadText: string): Buffer {
  const altered = Buffer.from(bytes);
  const at = altered.indexOf(payloadText.slice(0, '{"n":100000'.length)) + '{"n":100000'.length - 1;
  altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
  return altered;
}

describe('RollingReadStream, of compressed archives without checksums', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  async function read(bytes: Buffer, options: RollingReadOptions = {}) {
    await writeFile(join(directory, 'a.events.gz'), bytes);
    const { error, payloads: found } = await readPayloads(createArchiveReader(directory, options));
    return { error, found };
  }

  for (const kind of ['JSON lines', 'version 1'] as const) {
    const encode = ENCODERS[kind];

    describe(`such as ${kind},`, () => {
      it('gives no record of a member that was altered, and all before it', async () => {
        const second = encode(10, 10);
        const members = [encode(0, 10), second].map((raw) => gzipSync(raw, STORED));
        const altered = alter(Buffer.concat(members), payload(15));
        const { error, found } = await read(altered);
        expect(found).to.deep.equal(payloads(0, 10));
        expect(error).to.be.instanceOf(DamageError);
        expect(error).to.include({ reason: 'bad-gzip', offset: encode(0, 10).length });
      });

      it('gives none of a large one, which it reads twice', async () => {
        const raw = encode(0, 30, 'x'.repeat(100_000));
        const whole = gzipSync(raw, STORED);
        expect((await read(whole)).found).to.have.length(30);
        const { error, found } = await read(alter(whole, payload(29)));
        expect(found).to.deep.equal([]);
        expect(error).to.include({ reason: 'bad-gzip', offset: 0 });
      });

      it('gives what a torn one holds, small and large', async () => {
        for (const filling of ['', 'x'.repeat(100_000)]) {
          const whole = gzipSync(encode(0, 30, filling), STORED);
          const { error, found } = await read(whole.subarray(0, whole.length - 12));
          expect(found).to.deep.equal(payloads(0, 29, filling));
          expect(error).to.include({ reason: 'torn' });
        }
      });

      it('continues with the next member if damage is skipped', async () => {
        const raw = encode(0, 300);
        const ours = await compressAll(raw, { memberBytes: 1024, level: 0 });
        const damage: unknown[] = [];
        await writeFile(join(directory, 'a.events.gz'), alter(ours, payload(150)));
        const reader = createArchiveReader(directory, { whenDamaged: 'skip' });
        reader.on('damage', (skipped) => damage.push(skipped));
        const { error, payloads: found } = await readPayloads(reader);
        expect([error, damage.length]).to.deep.equal([undefined, 1]);
        const all = payloads(0, 300);
        expect(found.every((text) => all.includes(text))).to.equal(true);
        expect(found.length).to.be.within(200, 290);
      });
    });
  }

  it('gives blocks of version 2 up to the damage, because they have checksums', async () => {
    const raw = ENCODERS['version 2'](0, 20);
    const { error, found } = await read(alter(gzipSync(raw, STORED), payload(15)));
    expect(error).to.be.instanceOf(DamageError);
    expect(found.length).to.be.above(5);
    expect(found).to.deep.equal(payloads(0, found.length));
  });
});
