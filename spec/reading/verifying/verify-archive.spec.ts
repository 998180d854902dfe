import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { encodeIndexFrame } from '../../../lib/codec/version-2/archive-index.js';
import { verifyArchive } from '../../../lib/reading/verifying/verify-archive.js';
import {
  EARLIER_ARCHIVE,
  flipBit,
  OTHER_WRITER_ID,
  STRANGE_ARCHIVE,
  sampleVersion2,
  sealArchive,
} from '../../support/damaged-archive.js';
import { encodeJsonLines, encodeVersion1, WRITER_ID } from '../../support/encode-archive.js';
import { forgeFrame } from '../../support/forge-frame.js';
import { withMemoryFile } from '../../support/memory-file.js';
import { everyNth } from '../../support/sampled.js';
import { withScratch } from '../../support/scratch-directory.js';
import { rejection } from '../../support/store-tools.js';
import { withFile } from '../../support/with-file.js';
import { sha256Of } from '../../support/writer-tools.js';

const WRITER = WRITER_ID.toString('hex');
const OTHER = OTHER_WRITER_ID.toString('hex');
const SAMPLE = sampleVersion2();

function verify(bytes: Uint8Array, path = 'a.events') {
  return verifyArchive(path, { files: withMemoryFile(path, bytes) });
}

describe('verifyArchive', () => {
  for (const [what, packed] of [
    ['plain', SAMPLE.bytes],
    ['gzip', gzipSync(SAMPLE.bytes)],
  ] as const) {
    it(`reports everything about an intact archive, ${what}`, async () => {
      const { bytes } = SAMPLE;
      const { parts, ...report } = await verify(packed);
      expect(report).to.deep.equal({
        archive: 'a.events',
        format: 'frames',
        bytes: bytes.length,
        sha256: sha256Of(bytes),
        isRead: true,
        records: 8,
        frames: 6,
        versions: [2],
        damage: [],
        damagedStretches: 0,
        gaps: [],
        late: [],
        repeated: [],
        conflicts: [],
        index: 'valid',
        indexProblem: undefined,
        writer: WRITER,
        ordinal: 0,
        writerEnded: true,
        isIntact: true,
      });
      const [part, ...more] = parts;
      expect(more).to.deep.equal([]);
      expect(part).to.include({ begin: 0, end: bytes.length, sequence: 0, nextSequence: 8 });
      expect(part?.index).to.include({ sha256: sha256Of(bytes), problem: undefined });
    });
  }

  it('reads a file from disk, and rejects with the error of the system if it cannot', async () => {
    await withScratch(async (scratch) => {
      const path = await scratch.put('a.events', SAMPLE.bytes);
      expect(await verifyArchive(path)).to.include({ archive: path, isIntact: true });
      const error = await rejection(verifyArchive(join(scratch.path, 'b.events')));
      expect(error).to.have.property('code', 'ENOENT');
      const files = withFile(() => ({
        async read() {
          throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
        },
      }));
      expect(await rejection(verifyArchive(path, { files }))).to.be.instanceOf(Error);
    });
  });

  it('finds any flipped bit, and counts the records that are left', async () => {
    const { bytes, frames } = SAMPLE;
    for (let bit = 3; bit < 8 * bytes.length; bit += 11 * everyNth(3)) {
      const lost = frames.find(({ end }) => bit >> 3 < end);
      const report = await verify(flipBit(bytes, bit));
      expect(report.isIntact).to.equal(false);
      expect(report.damage).to.have.length(1);
      expect(report.damage[0]).to.include({ begin: lost?.begin, end: lost?.end });
      expect(report.records).to.equal(8 - (lost?.records.length ?? 0));
      const isInIndex = lost === frames.at(-1);
      expect(report.index).to.equal(isInIndex ? 'missing' : 'invalid');
      // Records missing at the start are not a gap within the archive: the series reports them.
      expect(report.gaps).to.have.length(isInIndex || lost === frames[0] ? 0 : 1);
    }
  }).timeout(120_000);

  it('finds a cut within any frame, and a missing index after a cut between frames', async () => {
    const ends = SAMPLE.frames.map(({ end }) => end);
    const near = (at: number) => ends.some((end) => Math.abs(end - at) <= 2);
    for (let at = 0; at < SAMPLE.bytes.length; at++) {
      if (at % everyNth(4) !== 0 && !near(at)) continue;
      const report = await verify(SAMPLE.bytes.subarray(0, at));
      expect(report.index).to.equal('missing');
      expect(report.isIntact).to.equal(at === 0 || ends.includes(at));
    }
  });

  it('takes a torn frame for the end of an open archive', async () => {
    const cut = SAMPLE.bytes.subarray(0, 300);
    expect((await verify(cut, 'a.events.open')).isIntact).to.equal(true);
    expect((await verify(cut)).isIntact).to.equal(false);
  });

  it('never crashes on gzip with a flipped bit, nor takes it for intact', async () => {
    const packed = gzipSync(SAMPLE.bytes);
    const known = new Set(['bad-gzip', 'torn', 'bad-magic', 'bad-checksum', 'unknown-version']);
    const step = 7 * everyNth(5);
    let found = 0;
    for (let bit = 0; bit < 8 * packed.length; bit += step) {
      // Name, time, system and flags of the gzip header do not affect the content.
      if (bit >= 8 * 3 && bit < 8 * 10) continue;
      const report = await verify(flipBit(packed, bit));
      // Bits of codes that the data never uses have no effect.
      if (report.isIntact) expect(report.sha256).to.equal(sha256Of(SAMPLE.bytes));
      else found++;
      for (const { reason, begin, end } of report.damage) {
        expect(known.has(reason), reason).to.equal(true);
        expect(begin).to.be.at.most(end);
      }
    }
    expect(found).to.be.above((0.9 * 8 * packed.length) / step);
    for (let at = 1; at < packed.length; at += everyNth(9)) {
      expect((await verify(packed.subarray(0, at))).isIntact).to.equal(false);
    }
  }).timeout(120_000);

  it('reports damaged gzip and the torn frame before it as one stretch', async () => {
    const packed = gzipSync(SAMPLE.bytes);
    const { bytes, damage } = await verify(packed.subarray(0, packed.length >> 1));
    const whole = SAMPLE.frames.filter(({ end }) => end <= bytes);
    expect(damage).to.have.length(1);
    const begin = whole.at(-1)?.end ?? 0;
    expect(damage[0]).to.include({ begin, end: bytes, reason: 'torn', recordsLost: undefined });
    const torn = await verify(packed.subarray(0, packed.length - 1));
    const end = SAMPLE.bytes.length;
    expect(torn.damage[0]).to.include({ begin: end, end });
  });

  it('reports missing sequences', async () => {
    const [first, second, third] = SAMPLE.frames;
    const bytes = Buffer.concat([
      SAMPLE.bytes.subarray(first?.begin, first?.end),
      SAMPLE.bytes.subarray(third?.begin, third?.end),
    ]);
    const report = await verify(bytes);
    expect(second?.records).to.have.length(1);
    expect(report.gaps).to.deep.equal([{ writer: WRITER, from: 2, to: 3 }]);
    expect(report).to.include({ isIntact: false, index: 'missing' });
    expect(report.damage).to.deep.equal([]);
  });

  describe('of archives that were concatenated', () => {
    const second = sealArchive([[{ payload: 'x' }], [{ payload: 'y' }]], {
      ...{ sequence: 8, ordinal: 1, writerEnded: false },
      previousSha256: createHash('sha256').update(SAMPLE.bytes).digest(),
    }).bytes;
    const open = sealArchive([[{ payload: 'open' }]], { hasIndex: false, sequence: 8 });

    it('checks each index against the bytes before it', async () => {
      const report = await verify(Buffer.concat([SAMPLE.bytes, second, STRANGE_ARCHIVE]));
      expect(report).to.include({ index: 'valid', isIntact: true, records: 12, writer: OTHER });
      expect(report.parts.map((part) => part.index?.ordinal)).to.deep.equal([0, 1, 0]);
      expect(report.parts[1]?.index?.sha256).to.equal(sha256Of(second));
    });

    it('reports a missing index if the last one is open', async () => {
      const report = await verify(Buffer.concat([SAMPLE.bytes, open.bytes]));
      expect(report).to.include({ index: 'missing', isIntact: true, ordinal: 0 });
      expect(report.parts.map(({ nextSequence }) => nextSequence)).to.deep.equal([8, 9]);
    });

    it('separates one that lost its index from the next, of any writer', async () => {
      const later = sealArchive([[{ payload: 'z' }]], { sequence: 9 }).bytes;
      for (const next of [later, STRANGE_ARCHIVE]) {
        const report = await verify(Buffer.concat([open.bytes, next]));
        expect(report).to.include({ index: 'valid', isIntact: true });
        expect(report.parts.map((part) => part.index !== undefined)).to.deep.equal([false, true]);
        const [first, last] = report.parts;
        expect(first).to.include({ begin: 0, end: open.bytes.length, records: 1 });
        expect(last).to.include({ begin: open.bytes.length });
        expect(last?.index?.sha256).to.equal(sha256Of(next));
      }
      const changed = Buffer.concat([open.bytes, later]);
      changed.write('ff', changed.length - 96, 'hex');
      expect((await verify(changed)).isIntact).to.equal(false);
    });

    it('reads version 1 before version 2', async () => {
      const report = await verify(Buffer.concat([encodeVersion1(['a', 'b']), SAMPLE.bytes]));
      expect(report).to.include({ index: 'valid', isIntact: true, records: 10 });
      expect(report.versions).to.deep.equal([1, 2]);
      expect(report.parts[0]).to.include({ writer: undefined, records: 2, index: undefined });
    });

    it('finds the second, of another writer, after an index with a damaged header', async () => {
      const bytes = Buffer.concat([SAMPLE.bytes, STRANGE_ARCHIVE]);
      const index = SAMPLE.frames.at(-1)?.begin ?? 0;
      const report = await verify(flipBit(bytes, 8 * index + 100));
      expect(report).to.include({ records: 10, isIntact: false });
      expect(report.damage).to.have.length(1);
    });
  });

  it('knows the writer from the index if the start is damaged', async () => {
    const { bytes } = sealArchive([
      [{ payload: Buffer.concat([STRANGE_ARCHIVE, STRANGE_ARCHIVE]) }],
      [{ payload: 'ours' }],
    ]);
    const { records, damage } = await verify(Buffer.from(bytes).fill(0, 0, 100));
    expect(records).to.equal(1);
    expect(damage).to.have.length(1);
  });

  describe('of an index', () => {
    const blocks = sealArchive([[{ payload: 'a' }], [{ payload: 'b' }, { payload: 'c' }]], {
      hasIndex: false,
    });
    const [one, two] = blocks.frames;
    const times = { earliestMicros: 1_700_000_000_000_000, latestMicros: 1_700_000_000_000_000 };
    const entries = [
      { offset: 0, records: 1, sequence: 0, ...times },
      { offset: one?.end ?? 0, records: 2, sequence: 1, ...times },
    ];
    const good = {
      archiveBytes: blocks.bytes.length,
      sha256: createHash('sha256').update(blocks.bytes).digest(),
      records: 3,
      ordinal: 0,
      previousSha256: Buffer.alloc(32),
      writerEnded: true,
      entries,
    };
    const [first, second] = entries;
    if (first === undefined || second === undefined) throw new Error('two entries');

    async function problemOf(index: typeof good, nextSequence = 3): Promise<string | undefined> {
      const frame = encodeIndexFrame(index, WRITER_ID, nextSequence);
      const report = await verify(Buffer.concat([blocks.bytes, frame]));
      expect(report.isIntact).to.equal(report.index === 'valid');
      return report.indexProblem;
    }

    it('that joins neighbouring blocks is valid', async () => {
      expect(two?.end).to.equal(blocks.bytes.length);
      expect(await problemOf(good)).to.equal(undefined);
      const joined = { ...first, records: 3 };
      expect(await problemOf({ ...good, entries: [joined] })).to.equal(undefined);
    });

    const wrong: ReadonlyArray<readonly [what: string, index: typeof good, says: string]> = [
      ['other bytes', { ...good, sha256: Buffer.alloc(32, 1) }, 'its SHA-256 of the bytes'],
      [
        'other offsets',
        { ...good, entries: [first, { ...second, offset: 70 }] },
        'no block begins',
      ],
      [
        'other counts',
        {
          ...good,
          entries: [
            { ...first, records: 2 },
            { ...second, records: 1 },
          ],
        },
        'its entry for byte 0 does not match',
      ],
      [
        'another sequence',
        { ...good, entries: [first, { ...second, sequence: 2 }] },
        `its entry for byte ${one?.end} does not match`,
      ],
      [
        'other times',
        { ...good, entries: [{ ...first, earliestMicros: 5 }, second] },
        'its entry for byte 0 does not match',
      ],
      ['no entries', { ...good, records: 0, entries: [] }, 'it has no entry for the block at 0'],
    ];
    for (const [what, index, says] of wrong) {
      it(`that claims ${what} is invalid`, async () => {
        expect(await problemOf(index)).to.include(says);
      });
    }

    it('is checked for at most 65,536 archives in one file', async () => {
      const empty = { ...good, archiveBytes: 0, records: 0, entries: [] };
      const sha256 = createHash('sha256').digest();
      const frame = encodeIndexFrame({ ...empty, sha256 }, WRITER_ID, 0);
      const report = await verify(Buffer.concat(Array(65_537).fill(frame)));
      expect(report.parts).to.have.length(65_536);
      expect(report).to.include({
        isIntact: false,
        indexProblem: 'only 65536 archives in the file were checked',
      });
    });

    it('that claims more bytes than precede it is damage', async () => {
      const frame = encodeIndexFrame({ ...good, archiveBytes: 100_000 }, WRITER_ID, 3);
      const begin = blocks.bytes.length;
      const { damage, records, index } = await verify(Buffer.concat([blocks.bytes, frame]));
      const end = begin + frame.length;
      expect(damage).to.have.length(1);
      expect(damage[0]).to.include({ reason: 'bad-body', begin, end, recordsLost: 0 });
      expect([records, index]).to.deep.equal([3, 'missing']);
    });

    it('that claims fewer bytes leaves a part without an index', async () => {
      const begin = one?.end ?? 0;
      const archiveBytes = blocks.bytes.length - begin;
      const last = { ...good, archiveBytes, records: 2, entries: [{ ...second, offset: 0 }] };
      expect(await problemOf(last)).to.include('its SHA-256 of the bytes');
      const digest = createHash('sha256').update(blocks.bytes.subarray(begin)).digest();
      expect(await problemOf({ ...last, sha256: digest })).to.equal(undefined);
    });

    it('that expects another sequence is invalid', async () => {
      expect(await problemOf(good, 2)).to.equal('its next sequence is 2, that of the frames 3');
    });
  });

  it('reads an empty file, JSON lines, and a file that is not an archive', async () => {
    expect(await verify(Buffer.alloc(0))).to.include({
      bytes: 0,
      isIntact: true,
      format: 'frames',
    });
    expect((await verify(Buffer.alloc(1000, 0xaa))).damage).to.have.length(1);
    const lines = Buffer.concat([encodeJsonLines(['1', '2']), Buffer.from('"\u00e9"\n', 'latin1')]);
    const report = await verify(lines);
    expect(report).to.include({ format: 'jsonl', records: 2, frames: 0, isIntact: false });
    expect(report.damage).to.have.length(1);
  });

  it('counts skippable frames, and does not look for archives in payloads', async () => {
    const strange = forgeFrame(Buffer.from('?'), { kind: 200 });
    const { bytes } = sealArchive([[{ payload: EARLIER_ARCHIVE }]]);
    const report = await verify(Buffer.concat([strange, bytes]));
    expect(report).to.include({ frames: 3, records: 1, isIntact: true });
  });
});
