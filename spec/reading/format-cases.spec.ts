import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { ArchiveDecoder } from '../../lib/codec/archive-decoder.js';
import type { SkippedDamage } from '../../lib/codec/frames/skipped-damage.js';
import type { ArchiveRecord } from '../../lib/codec/records/archive-record.js';
import { DamageError, type DamageReason } from '../../lib/errors/damage-error.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { verifyArchive } from '../../lib/reading/verifying/verify-archive.js';
import { TemporaryDirectories } from '../support/series.js';

const CASES = join(import.meta.dirname, '../fixtures/cases');

type Damaged = readonly [
  reason: DamageReason,
  begin: number,
  end: number,
  recordsLost: number | undefined,
];

interface Case {
  readonly file: string;
  /** Sequences, or payloads of records without one, before the damage. */
  readonly before: readonly (number | string)[];
  /** Those of all records that a reader that skips damage emits. */
  readonly all: readonly (number | string)[];
  readonly damage: Damaged;
  /** Whether the damage is that of the gzip around the archive. */
  readonly isOfGzip?: boolean;
}

const NESTED: Omit<Case, 'file'> = {
  before: [],
  all: [1, 2],
  damage: ['bad-checksum', 0, 463, undefined],
};

const GZIP_INDEX: Omit<Case, 'file'> = {
  before: [0, 1],
  all: [0, 1],
  damage: ['bad-gzip', 390, 390, undefined],
  isOfGzip: true,
};

/** What each of these inputs must give (docs/format.md, "Damage"). */
const cases: readonly Case[] = [
  {
    file: 'p2-v1-wrong-length.events.open',
    before: ['a'],
    all: ['a', 'c', 'd'],
    damage: ['torn', 27, 54, undefined],
  },
  {
    file: 'p3-index-archive-bytes-over.events',
    before: [0, 1],
    all: [0, 1],
    damage: ['bad-body', 78, 282, 0],
  },
  {
    file: 'p4-index-first-sequence-as-floor.events',
    before: [0, 1],
    all: [0, 1, 4, 5, 6, 7],
    damage: ['bad-checksum', 78, 156, 2],
  },
  { file: 'p5-plain-for-comparison.events', ...NESTED },
  { file: 'p5-open-nested-given-as-records.events.open', ...NESTED },
  { file: 'p5-gz-nested-given-as-records.events.gz', ...NESTED },
  {
    file: 'p5-gz-concatenated-lost.events.gz',
    before: [0],
    all: [0, 1, 2],
    damage: ['bad-checksum', 277, 350, undefined],
  },
  {
    file: 'p6-gz-cut-line-given-as-record.jsonl.gz',
    before: ['1'],
    all: ['1'],
    damage: ['torn', 2, 4, undefined],
    isOfGzip: true,
  },
  { file: 'p7-index-member-crc.events.gz', ...GZIP_INDEX },
  { file: 'p7-last-member-crc.events.gz', ...GZIP_INDEX },
  { file: 'p7-padding.events.gz', ...GZIP_INDEX },
  { file: 'p8-last-member-fixed-field.events.gz', ...GZIP_INDEX },
  {
    file: 'p9-gz-torn-told-twice.events.gz',
    before: [0, 1],
    all: [0, 1],
    damage: ['torn', 78, 148, undefined],
    isOfGzip: true,
  },
  {
    file: 'p10-lost-counted-twice.events',
    before: [0, 1],
    all: [0, 1, 6, 7, 8, 9],
    damage: ['bad-header', 78, 234, 4],
  },
];

describe('the small inputs that were once read wrongly', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  for (const { file, before, all, damage, isOfGzip } of cases) {
    it(`${file}: every way of reading agrees`, async () => {
      const source = readFileSync(join(CASES, file));
      const paths = [join(CASES, file)];
      if (isOfGzip !== true) {
        // The same archive in the other form.
        const isGzip = file.endsWith('.gz');
        const plain = isGzip ? gunzipSync(source) : source;
        const path = join(await directories.make(), file.replace(/\.(open|gz)$/, ''));
        await writeFile(path, plain);
        await writeFile(`${path}.other.gz`, gzipSync(plain));
        paths.push(path, `${path}.other.gz`);
        const isOpen = file.endsWith('.open');
        expect(decode(plain, isOpen, 'error')).to.deep.include({ found: before });
        expect(decode(plain, isOpen, 'error').reason).to.equal(damage[0]);
      }
      for (const path of paths) {
        const failed = await read(path, 'error');
        expect(failed.found, path).to.deep.equal(before);
        expect(failed.error, path).to.have.property('reason', damage[0]);
        expect(failed.damage, path).to.deep.equal([]);
        const skipped = await read(path, 'skip');
        expect(skipped.found, path).to.deep.equal(all);
        expect(skipped.damage, path).to.deep.equal([damage]);
        expect(skipped.error, path).to.equal(undefined);
        const report = await verifyArchive(path);
        expect(report.damage.map(valuesOf), path).to.deep.equal([damage]);
        expect(report.records, path).to.equal(all.length);
        expect(report.isIntact, path).to.equal(false);
      }
    });
  }

  for (const { file } of cases.filter(({ damage }) => damage[0] === 'bad-gzip')) {
    it(`${file}: a read of a time range reports the damage as well`, async () => {
      const reader = createArchiveReader(join(CASES, file), {
        from: new Date(0),
        whenDamaged: 'skip',
      });
      const damage: Damaged[] = [];
      reader.on('damage', (skipped) => damage.push(valuesOf(skipped)));
      expect((await reader.toArray()).map(shownOf)).to.deep.equal([0, 1]);
      expect(damage.map(([reason]) => reason)).to.deep.equal(['bad-gzip']);
    });
  }

  it('p10: the gap counts as many records as the damage', async () => {
    const { gaps } = await read(join(CASES, 'p10-lost-counted-twice.events'), 'skip');
    expect(gaps).to.deep.equal([[2, 6]]);
  });
});

function decode(bytes: Buffer, isOpen: boolean, whenDamaged: 'error' | 'skip') {
  const decoder = new ArchiveDecoder({ whenDamaged, tornTail: isOpen ? 'end' : 'damage' });
  const found: (number | string)[] = [];
  try {
    decoder.push(bytes);
    decoder.end();
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) {
      found.push(...batch.map(shownOf));
    }
  } catch (error) {
    return { found, reason: error instanceof DamageError ? error.reason : error };
  }
  return { found, reason: undefined };
}

async function read(path: string, whenDamaged: 'error' | 'skip') {
  const found: (number | string)[] = [];
  const damage: Damaged[] = [];
  const gaps: [number, number][] = [];
  const reader = createArchiveReader(path, { whenDamaged });
  reader.on('damage', (skipped) => damage.push(valuesOf(skipped)));
  reader.on('gap', ({ from, to }) => gaps.push([from, to]));
  let error: unknown;
  try {
    for await (const record of reader) found.push(shownOf(record));
  } catch (failure) {
    error = failure;
  }
  return { found, damage, gaps, error };
}

function shownOf(record: ArchiveRecord): number | string {
  return record.sequence ?? record.text();
}

function valuesOf({ reason, begin, end, recordsLost }: SkippedDamage): Damaged {
  return [reason, begin, end, recordsLost];
}
