import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { ArchiveDecoder } from '../../../lib/codec/archive-decoder.js';
import { DamageError } from '../../../lib/errors/damage-error.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { createArchiveReader } from '../../../lib/reading/rolling-read-stream.js';
import { verifyArchive } from '../../../lib/reading/verifying/verify-archive.js';
import { decodeArchive } from '../../support/decode-archive.js';
import { encodeBlocks } from '../../support/encode-archive.js';
import { forgeBody, forgeFrame, forgeKeyTable } from '../../support/forge-frame.js';
import { TemporaryDirectories } from '../../support/series.js';

/** A block of records of 3 bytes: length, time, no metadata, no payload. */
function tinyRecords(records: number, last = Buffer.of(2, 0, 0)): Buffer {
  const body = Buffer.concat([Buffer.alloc(3 * (records - 1), Buffer.of(2, 0, 0)), last]);
  return forgeFrame(forgeBody(body), { records });
}

/** The most records that are prepared ahead of the consumer. */
const MOST_AHEAD = 4096;

describe('a block of many tiny records', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  it('is decoded in slices, with every record in order', () => {
    const count = 3 * MOST_AHEAD + 5;
    const decoder = new ArchiveDecoder();
    decoder.push(Buffer.concat([tinyRecords(count), encodeBlocks(['after'])]));
    decoder.end();
    let next = 0;
    let last = '';
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) {
      expect(batch).to.have.length.within(1, MOST_AHEAD);
      for (const record of batch) {
        if (next < count) expect(record.sequence).to.equal(next);
        last = record.text();
        next++;
      }
    }
    expect([next, last]).to.deep.equal([count + 1, 'after']);
  });

  it('gives no record if the last one is bad', () => {
    for (const last of [Buffer.of(2, 2, 0), Buffer.of(2, 0, 1), Buffer.of(3, 0, 0)]) {
      const decoder = new ArchiveDecoder();
      decoder.push(tinyRecords(MOST_AHEAD * 2, last));
      expect(() => decoder.next()).to.throw(DamageError);
    }
  });

  it('takes memory for a few thousand records, also in verify', async () => {
    const records = 2_000_000;
    const path = join(await directories.make(), 'a.events.gz');
    const gzip = gzipSync(tinyRecords(records));
    expect(gzip.length).to.be.below(10_000);
    await writeFile(path, gzip);
    let read = 0;
    let most = 0;
    const before = process.memoryUsage().heapUsed;
    for await (const _ of createArchiveReader(path)) {
      if (read++ % 1000 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
      if (read === 20_000) break;
    }
    expect(most - before).to.be.below(64 * 2 ** 20);
    const report = await verifyArchive(path);
    expect(report.records).to.equal(records);
    expect(process.memoryUsage().heapUsed - before).to.be.below(64 * 2 ** 20);
  });
});

describe('the keys of a block', () => {
  it('are at most 65,536 when read', () => {
    const keys = Array.from({ length: 65_537 }, (_, i) => `${i}`);
    const good = forgeFrame(forgeBody(Buffer.of(2, 0, 0), forgeKeyTable(...keys.slice(1))));
    expect(decodeArchive(good)).to.have.length(1);
    const decoder = new ArchiveDecoder();
    decoder.push(forgeFrame(forgeBody(Buffer.of(2, 0, 0), forgeKeyTable(...keys))));
    expect(() => decoder.next())
      .to.throw(DamageError)
      .with.property('reason', 'too-large');
  });

  it('are at most 65,536 when written: the block ends before there are more', () => {
    const metadataFrom = (first: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${first + i}`, '']));
    const records = [0, 30_000, 60_000].map((first) => ({
      payload: 'x',
      metadata: metadataFrom(first, 30_000),
    }));
    const bytes = encodeBlocks(records, { blockBytes: 2 ** 24 });
    const decoded = decodeArchive(bytes);
    expect(decoded.map(({ metadata }) => Object.keys(metadata).length)).to.deep.equal([
      ...[30_000, 30_000, 30_000],
    ]);
    const large = { payload: 'x', metadata: metadataFrom(0, 65_537) };
    expect(() => encodeBlocks([large])).to.throw(RecordError, '65537 keys');
  });
});
