import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import type { SkippedDamage } from '../../lib/codec/frames/skipped-damage.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import type { SequenceGap } from '../../lib/series/opening/sequence-gap.js';
import { encodeUnsealed, numbered, readPayloads, TemporaryDirectories } from '../support/series.js';

describe('RollingReadStream, which skips damage', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  const put = (name: string, bytes: Uint8Array) => writeFile(join(directory, name), bytes);

  async function readAll() {
    const reader = createArchiveReader(directory, { whenDamaged: 'skip' });
    const damage: SkippedDamage[] = [];
    const gaps: SequenceGap[] = [];
    reader.on('damage', (skipped) => damage.push(skipped));
    reader.on('gap', (gap) => gaps.push(gap));
    return { ...(await readPayloads(reader)), damage, gaps };
  }

  const blocks = Array.from({ length: 6 }, (_, i) =>
    encodeUnsealed(
      Array.from({ length: 100 }, (_, j) => `${100 * i + j}`),
      { sequence: 100 * i, time: 100 * i },
    ),
  );
  const block = (i: number) => Buffer.from(blocks[i] ?? []);
  const all = Array.from({ length: 600 }, (_, i) => `${i}`);

  it('skips the damaged block, and reports it and the gap that it leaves', async () => {
    const damaged = block(3);
    damaged.writeUInt8(damaged.readUInt8(200) ^ 1, 200);
    await put('x_0.events', Buffer.concat([block(0), block(1)]));
    await put('x_1.events', Buffer.concat([block(2), damaged]));
    await put('x_2.events', Buffer.concat([block(4), block(5)]));
    const { damage, error, gaps, payloads } = await readAll();
    expect(error).to.equal(undefined);
    expect(payloads).to.deep.equal([...all.slice(0, 300), ...all.slice(400)]);
    const [begin, end] = [block(2).length, block(2).length + damaged.length];
    expect(damage).to.deep.equal([
      {
        archive: join(directory, 'x_1.events'),
        begin,
        end,
        reason: 'bad-checksum',
        recordsLost: 100,
      },
    ]);
    expect(gaps).to.deep.equal([{ writer: 'aaaaaaaaaaaaaaaa', from: 300, to: 400 }]);
  });

  it('yields the records that truncated gzip holds, then those of the next archive', async () => {
    const compressed = gzipSync(Buffer.concat([block(0), block(1)]), { level: 0 });
    await put('x_0.events.gz', compressed.subarray(0, block(0).length + 100));
    await put('x_1.events', block(2));
    const { damage, error, payloads } = await readAll();
    expect(error).to.equal(undefined);
    expect(payloads).to.deep.equal([...all.slice(0, 100), ...all.slice(200, 300)]);
    expect(damage.map(({ reason }) => reason)).to.include('torn');
    expect(damage.every(({ archive }) => archive?.endsWith('x_0.events.gz'))).to.equal(true);
  });

  it('reports an archive that is missing between two, but none before the first', async () => {
    await put('x_1.events', block(1));
    await put('x_3.events', block(3));
    await put('y.events', encodeUnsealed(numbered('y', 3), { writer: 'b', sequence: 7 }));
    const { damage, gaps, payloads } = await readAll();
    expect(payloads).to.have.length(203);
    expect(damage).to.deep.equal([]);
    expect(gaps).to.deep.equal([{ writer: 'aaaaaaaaaaaaaaaa', from: 200, to: 300 }]);
  });

  it('refuses any other value of whenDamaged', () => {
    const options = JSON.parse('{"whenDamaged":"ignore"}');
    expect(() => createArchiveReader(directory, options)).to.throw(TypeError, '"ignore"');
  });
});
