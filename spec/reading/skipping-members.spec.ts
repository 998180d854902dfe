import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import type { SkippedDamage } from '../../lib/codec/frames/skipped-damage.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { verifyArchive } from '../../lib/reading/verifying/verify-archive.js';
import { repairArchive } from '../../lib/writing/recovery/repair-archive.js';
import { OTHER_WRITER_ID, sealArchive } from '../support/damaged-archive.js';
import { compressAll, membersOf } from '../support/gzip-tools.js';
import { TemporaryDirectories } from '../support/series.js';
import { compressZstd, framesOf, needsZstd } from '../support/zstd-tools.js';

const MEMBER_BYTES = 1024;

/** Payloads of which three or four fill a member. */
const PAYLOADS = Array.from({ length: 60 }, (_, n) => {
  const noise = Array.from({ length: 30 }, (_, i) => Math.imul(n + 1, 7919 * (i + 3)) >>> 0);
  return JSON.stringify({ n, noise });
});
const SEALED = sealArchive(PAYLOADS.map((payload) => [{ payload }]));
const OTHER = sealArchive(
  PAYLOADS.map((payload) => [{ payload }]),
  { writerId: OTHER_WRITER_ID },
);
const LINES = Buffer.from(`${PAYLOADS.join('\n')}\n`);

interface Kind {
  readonly suffix: string;
  readonly compress: (bytes: Buffer) => Promise<Buffer>;
  /** The members with data. */
  readonly membersOf: (file: Buffer) => ReadonlyArray<{ offset: number; bytes: Buffer }>;
}

const kinds: Readonly<Record<string, Kind>> = {
  gzip: {
    suffix: '.gz',
    compress: (bytes) => compressAll(bytes, { memberBytes: MEMBER_BYTES }),
    membersOf: (file) => membersOf(file).filter(({ kind }) => kind === 1),
  },
  zstd: {
    suffix: '.zst',
    compress: (bytes) => compressZstd(bytes, { memberBytes: MEMBER_BYTES }),
    membersOf: (file) => framesOf(file).filter(({ bytes }) => bytes[0] === 0x28),
  },
};

/** Changes a few bytes in the middle of a member. */
function damageMember(file: Buffer, { offset, bytes }: { offset: number; bytes: Buffer }): Buffer {
  const damaged = Buffer.from(file);
  damaged.fill(0xff, offset + (bytes.length >> 1), offset + (bytes.length >> 1) + 8);
  return damaged;
}

for (const [name, kind] of Object.entries(kinds)) {
  describe(`skipping a damaged member of ${name}`, () => {
    const directories = new TemporaryDirectories();
    let path: string;

    before(function () {
      if (name === 'zstd') needsZstd(this);
    });

    beforeEach(async () => {
      path = join(await directories.make(), `a.events${kind.suffix}`);
    });

    afterEach(() => directories.remove());

    async function read(file: Buffer) {
      await writeFile(path, file);
      const reader = createArchiveReader(path, { whenDamaged: 'skip' });
      const damage: SkippedDamage[] = [];
      reader.on('damage', (skipped) => damage.push(skipped));
      reader.on('gap', () => undefined);
      const numbers: number[] = [];
      for await (const record of reader) numbers.push(JSON.parse(record.text()).n);
      return { numbers, damage };
    }

    /** The numbers that are missing; they must be consecutive, and the others in order. */
    function missing(numbers: readonly number[]): number[] {
      expect(numbers).to.deep.equal(numbers.toSorted((a, b) => a - b));
      return PAYLOADS.map((_, n) => n).filter((n) => !numbers.includes(n));
    }

    it('loses no record of the members after it', async () => {
      const file = await kind.compress(SEALED.bytes);
      const members = kind.membersOf(file);
      expect(members.length).to.be.above(10);
      for (const [i, member] of members.entries()) {
        if (i % 4 > 0 && i < members.length - 1) continue;
        const { damage, numbers } = await read(damageMember(file, member));
        const lost = missing(numbers);
        expect(lost.length, `member ${i}`).to.be.within(i === members.length - 1 ? 0 : 1, 5);
        // Some damage decompresses to other bytes, of which a block's checksum tells first.
        expect(damage[0]?.reason).to.be.oneOf([`bad-${name}`, 'bad-checksum', 'bad-magic']);
        // The member's own checksum shows the fault only after its last block.
        const ends = damage.slice(1).map(({ begin, end, reason }) => [end - begin, reason]);
        expect(ends).to.deep.equal(ends.map(() => [0, `bad-${name}`]));
        const known = i > 0 && lost.length > 0 && !lost.includes(59);
        if (known) expect(damage[0]?.recordsLost).to.equal(lost.length);
        const [first = 0] = lost;
        if (lost.length > 0) expect(damage[0]?.begin).to.equal(SEALED.frames[first]?.begin);
        if (known) expect(damage[0]?.end).to.equal(SEALED.frames[(lost.at(-1) ?? 0) + 1]?.begin);
      }
    });

    it('loses no line of the members after it, be it the first one', async () => {
      const file = await kind.compress(LINES);
      const members = kind.membersOf(file);
      for (const member of [members[0], members[4]]) {
        if (member === undefined) throw new Error('no member');
        const damaged = Buffer.from(file);
        // The beginning, so that no byte of the member can be decompressed.
        const headerBytes = name === 'gzip' ? 76 : 14;
        damaged.fill(0xff, member.offset + headerBytes, member.offset + headerBytes + 9);
        const { damage, numbers } = await read(damaged);
        expect(missing(numbers).length).to.be.within(1, 5);
        expect(damage).to.have.length(1);
      }
    });

    it('skips several damaged members, neighbours too', async () => {
      const file = await kind.compress(SEALED.bytes);
      const members = kind.membersOf(file);
      const damaged = [2, 3, 8].reduce((some, i) => {
        const member = members[i];
        return member === undefined ? some : damageMember(some, member);
      }, file);
      const { damage, numbers } = await read(damaged);
      expect(damage).to.have.length.within(2, 5);
      expect(missing(numbers).length).to.be.within(3, 15);
      expect(damage.reduce((sum, { recordsLost = 0 }) => sum + recordsLost, 0)).to.equal(
        missing(numbers).length,
      );
    });

    it('is the same to verify and to repair', async () => {
      const file = await kind.compress(SEALED.bytes);
      const members = kind.membersOf(file);
      const member = members[5];
      if (member === undefined) throw new Error('no member');
      const { damage, numbers } = await read(damageMember(file, member));
      const report = await verifyArchive(path);
      expect(report.damage).to.deep.equal(damage);
      expect(report.records).to.equal(numbers.length);
      expect(report.isIntact).to.equal(false);
      const repaired = `${path}.repaired.events`;
      const { damagedStretches, records } = await repairArchive(path, repaired);
      expect([damagedStretches, records]).to.deep.equal([1, numbers.length]);
      expect((await verifyArchive(repaired)).damagedStretches).to.equal(0);
    });

    it('continues in each of several files that were concatenated', async () => {
      const [one, other] = [await kind.compress(SEALED.bytes), await kind.compress(OTHER.bytes)];
      for (const [file, at] of [
        [one, 0],
        [other, one.length],
      ] as const) {
        const members = kind.membersOf(file);
        const [, second] = members;
        const last = members.at(-1);
        if (second === undefined || last === undefined) throw new Error('no members');
        for (const { bytes, offset } of [second, last]) {
          const both = Buffer.concat([one, other]);
          const { damage, numbers } = await read(
            damageMember(both, { bytes, offset: at + offset }),
          );
          expect(numbers.length).to.be.within(115, 120);
          expect(damage).to.have.length(1);
        }
      }
    });

    it('ends at the damage if the index is damaged as well', async () => {
      const file = await kind.compress(SEALED.bytes);
      const [, , third] = kind.membersOf(file);
      if (third === undefined) throw new Error('no member');
      const damaged = damageMember(file, third);
      damaged.fill(0, damaged.length - 40, damaged.length - 30);
      const { damage, numbers } = await read(damaged);
      expect(numbers.length).to.be.below(15);
      expect(damage).to.have.length(1);
    });

    it('ends in finite time, whatever the index claims', async () => {
      // Every member is damaged, so that each is tried.
      const file = await kind.compress(SEALED.bytes);
      const damaged = kind.membersOf(file).reduce(damageMember, file);
      const { damage, numbers } = await read(damaged);
      expect(numbers.length).to.be.below(30);
      expect(damage.length).to.be.within(1, 30);
    });
  });
}
