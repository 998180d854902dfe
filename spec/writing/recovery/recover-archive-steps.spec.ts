import { link, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../../lib/files/file-layer.js';
import { createArchiveReader } from '../../../lib/reading/rolling-read-stream.js';
import { ArchiveTemplate } from '../../../lib/series/names/archive-template.js';
import { recoverArchive } from '../../../lib/writing/recovery/recover-archive.js';
import { disksAfterCuts } from '../../support/each-power-cut.js';
import { encodeJsonLines, encodeVersion1 } from '../../support/encode-archive.js';
import { PowerDisk } from '../../support/power-disk.js';
import { type ScratchDirectory, withScratch } from '../../support/scratch-directory.js';
import { encodeUnsealed, readPayloads } from '../../support/series.js';
import { systemError, TestDisk } from '../../support/test-disk.js';

/** A sealed name differs from the name while open. */
const TEMPLATE = 'x_[[COUNT]]_[[CRC]].events';

const PAYLOADS = ['1', '22', '333', '4444'];

/** Archives with damage between their records and after them. */
const DAMAGED: ReadonlyArray<readonly [format: string, bytes: Buffer]> = [
  [
    'version 2',
    Buffer.concat([
      encodeUnsealed(PAYLOADS.slice(0, 2)),
      Buffer.from('damage'),
      encodeUnsealed(PAYLOADS.slice(2, 3), { sequence: 2, time: 2 }),
      encodeUnsealed(PAYLOADS.slice(3), { sequence: 3, time: 3 }),
      Buffer.from([0x84, 0x78, 0x86, 0x69, 2]),
    ]),
  ],
  [
    'version 1',
    Buffer.concat([
      encodeVersion1(PAYLOADS.slice(0, 2)),
      Buffer.from('damage'),
      encodeVersion1(PAYLOADS.slice(2)),
      encodeVersion1(['torn']).subarray(0, 25),
    ]),
  ],
  [
    'JSON lines',
    Buffer.concat([
      encodeJsonLines(PAYLOADS.slice(0, 2)),
      Buffer.from('"\xff"\n', 'latin1'),
      encodeJsonLines(PAYLOADS.slice(2)),
      Buffer.from('5'),
    ]),
  ],
];

function recover({ path }: ScratchDirectory, files: FileLayer = nodeFileLayer, name = TEMPLATE) {
  return recoverArchive(join(path, name), new ArchiveTemplate(TEMPLATE), files);
}

function read({ path }: ScratchDirectory) {
  return readPayloads(createArchiveReader(path, { whenDamaged: 'skip' }));
}

/** Recovery is interrupted at every fifth call, beginning at different ones; with `all`, at each. */
const STRIDE = process.env.FAILING_CALLS === 'all' ? 1 : 5;

describe('recoverArchive, step by step', () => {
  let first = 0;

  for (const [format, bytes] of DAMAGED) {
    it(`leaves each record to be read once, interrupted at any call, as ${format}`, async () => {
      await withScratch(async (scratch) => {
        let cuts = 0;
        for (let n = 1 + (first++ % STRIDE), isPassed = false; !isPassed; n += STRIDE, cuts++) {
          await scratch.put(`${TEMPLATE}.open`, bytes);
          const disk = new TestDisk((_call, _path, at) => {
            if (at >= n) throw systemError('EIO', 'call');
          });
          disk.failsDone = n % 2 === 0;
          await recover(scratch, disk.files).catch(() => null);
          isPassed = disk.calls.length < n;
          const context = `call ${n}, ${disk.calls[n - 1]}`;
          expect(disk.openFiles, context).to.equal(0);
          expect((await read(scratch)).payloads, context).to.deep.equal(PAYLOADS);
          await recover(scratch);
          const { error, payloads } = await read(scratch);
          expect([error, payloads], context).to.deep.equal([undefined, PAYLOADS]);
          const names = await scratch.list();
          expect(names, context).to.have.length(3);
          expect(names.filter((name) => /^x_4_[0-9a-f]{64}\.events$/.test(name))).to.have.length(1);
          expect(names.filter((name) => name.includes('.torn-'))).to.have.length(2);
          for (const name of names) await rm(join(scratch.path, name));
        }
        expect(cuts * STRIDE).to.be.above(30);
      });
    });

    it(`leaves each record to be read once at every step, as ${format}`, async () => {
      await withScratch(async (scratch) => {
        await scratch.put(`${TEMPLATE}.open`, bytes);
        let reads = 0;
        const disk = new TestDisk(async (call) => {
          if (!/rename|link|sync/.test(call)) return;
          reads++;
          expect((await read(scratch)).payloads).to.deep.equal(PAYLOADS);
        });
        expect(await recover(scratch, disk.files)).to.include({ records: 4, damagedStretches: 2 });
        expect(reads).to.be.above(8);
      });
    });
  }

  it('keeps an archive aside whole, and once, if it has very many damaged stretches', async () => {
    await withScratch(async (scratch) => {
      const parts = Array.from({ length: 1200 }, (_, n) => [
        encodeUnsealed(['a'], { sequence: 2 * n }),
        encodeUnsealed(['b'], { sequence: 2 * n + 1 }),
        Buffer.from('damage'),
      ]);
      const bytes = Buffer.concat(parts.flat());
      for (let round = 0; round < 2; round++) {
        await scratch.put(`${TEMPLATE}.open`, bytes);
        const archive = await recover(scratch);
        expect(archive).to.include({ records: 2400, damagedStretches: 1200 });
        expect(archive?.damage).to.have.length(1000);
        const names = await scratch.list();
        const [sealed = '', torn = ''] = names;
        expect(names).to.deep.equal([sealed, `${TEMPLATE}.torn-all`].sort());
        const kept = [sealed, torn].find((name) => name.includes('.torn-')) ?? '';
        expect((await readFile(join(scratch.path, kept))).equals(bytes)).to.equal(true);
      }
      expect((await read(scratch)).payloads).to.have.length(2400);
    });
  });

  it('reports the same facts as for any sealed archive', async () => {
    await withScratch(async (scratch) => {
      const { mtimeMs } = await stat(
        await scratch.put(`${TEMPLATE}.open`, encodeUnsealed(['a', 'b'])),
      );
      const archive = await recover(scratch);
      const [name = ''] = await scratch.list();
      expect(archive).to.deep.include({
        path: join(scratch.path, name),
        name,
        records: 2,
        format: 'v2',
        ordinal: 0,
        writer: 'a'.repeat(16),
        openedAt: Math.round(mtimeMs),
        firstTime: new Date(1_700_000_000_000),
        lastTime: new Date(1_700_000_000_001),
        damage: [],
        damagedStretches: 0,
      });
      expect(name).to.equal(`x_2_${archive?.sha256}.events`);
      expect(archive?.bytes).to.equal((await readFile(join(scratch.path, name))).length);
    });
  });

  it('reports no ordinal if the archives before it are not there', async () => {
    await withScratch(async (scratch) => {
      await scratch.put(`${TEMPLATE}.open`, encodeUnsealed(['c'], { sequence: 7 }));
      expect(await recover(scratch)).to.include({ ordinal: undefined, writer: 'a'.repeat(16) });
      await scratch.put(`${TEMPLATE}.open`, encodeVersion1(['1']));
      const facts = { ordinal: undefined, writer: undefined, format: 'v1', firstTime: null };
      expect(await recover(scratch)).to.include(facts);
      await scratch.put(`${TEMPLATE}.open`, encodeJsonLines(['1']));
      expect(await recover(scratch)).to.include({ ...facts, format: 'jsonl' });
    });
  });

  it('takes the wanted name if the archive that had it was shipped meanwhile', async () => {
    await withScratch(async (scratch) => {
      await scratch.put(`${TEMPLATE}.open`, encodeUnsealed(['a', 'b']));
      const archive = await recover(scratch);
      await scratch.put(`${TEMPLATE}.open`, encodeUnsealed(['a', 'b']));
      const path = archive?.path ?? '';
      const disk = new TestDisk(async (call, opened) => {
        if (call === 'open' && opened === path) await rm(path);
      });
      expect(await recover(scratch, disk.files)).to.include({ path });
      expect(await scratch.list()).to.deep.equal([archive?.name]);
    });
  });

  for (const suffix of ['.open', '.stale']) {
    it(`keeps a sealed archive when the power fails while NAME${suffix}, its other name, is removed`, async () => {
      const disk = new PowerDisk();
      disk.makeLastingDirectory('/disk');
      const [base, sealed] = [`/disk/${TEMPLATE}`, '/disk/x_1_0123456789abcdef.events'];
      const bytes = encodeUnsealed(['1']);
      const file = await disk.files.open(base + suffix, 'wx');
      await file.write(bytes, 0, bytes.length, 0);
      await file.sync();
      await file.close();
      await disk.files.syncDirectory('/disk');
      // Here a writer, or a recoverer, is killed: it has not synced the new name yet.
      await disk.files.link(base + suffix, sealed);
      const template = new ArchiveTemplate('x_[[COUNT]]_[[CRC]].events');
      const cuts = await disksAfterCuts(disk, () => recoverArchive(base, template, disk.files));
      expect(disk.paths()).to.deep.equal([sealed]);
      for (const { disk: left, what } of cuts) {
        const { payloads } = await readPayloads(
          createArchiveReader('/disk', { files: left.files }),
        );
        expect(payloads, what).to.deep.equal(['1']);
      }
    });
  }

  it('leaves a file aside whose writer was killed after it had replaced the file', async () => {
    await withScratch(async (scratch) => {
      const open = await scratch.put(`${TEMPLATE}.open`, encodeUnsealed(['1']));
      await link(open, join(scratch.path, `${TEMPLATE}-1.suspect`));
      expect(await recover(scratch)).to.equal(null);
      expect(await scratch.list()).to.deep.equal([`${TEMPLATE}-1.suspect`]);
    });
  });
});
