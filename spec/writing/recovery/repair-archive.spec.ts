import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import type { FileLayer } from '../../../lib/files/file-layer.js';
import { verifyArchive } from '../../../lib/reading/verifying/verify-archive.js';
import { repairArchive } from '../../../lib/writing/recovery/repair-archive.js';
import {
  decodeSkipping,
  flipBit,
  recordsWithout,
  STRANGE_ARCHIVE,
  sampleVersion2,
  sealArchive,
} from '../../support/damaged-archive.js';
import { decodeArchive, plain } from '../../support/decode-archive.js';
import { encodeJsonLines, encodeVersion1 } from '../../support/encode-archive.js';
import { withScratch } from '../../support/scratch-directory.js';
import { rejection } from '../../support/store-tools.js';
import { withFile } from '../../support/with-file.js';

const SAMPLE = sampleVersion2();
const SECOND = sealArchive([[{ payload: 'x' }]], {
  ...{ sequence: 8, ordinal: 1, writerEnded: false },
  previousSha256: createHash('sha256').update(SAMPLE.bytes).digest(),
}).bytes;

/** Repairs `bytes`. Returns the new archive, the report, and a verification of the new archive. */
async function repair(bytes: Uint8Array, name = 'a.events') {
  let repaired = Buffer.alloc(0);
  let report: Awaited<ReturnType<typeof repairArchive>> | undefined;
  let verified: Awaited<ReturnType<typeof verifyArchive>> | undefined;
  await withScratch(async (scratch) => {
    const path = await scratch.put(name, bytes);
    const to = join(scratch.path, 'b.events');
    report = await repairArchive(path, to);
    expect((await readFile(path)).equals(bytes)).to.equal(true);
    expect(await scratch.list()).to.deep.equal([name, 'b.events'].sort());
    repaired = await readFile(to);
    verified = await verifyArchive(to);
  });
  if (report === undefined || verified === undefined) throw new Error('nothing was repaired');
  const { bytes: length, frames, records, sha256 } = report;
  expect(verified).to.include({ bytes: length, records, sha256 });
  return { repaired, report, verified, frames };
}

describe('repairArchive', () => {
  it('copies an undamaged archive byte for byte', async () => {
    const all = Buffer.concat([encodeVersion1(['a', 'b']), SAMPLE.bytes, SECOND, STRANGE_ARCHIVE]);
    for (const bytes of [SAMPLE.bytes, encodeVersion1(['a', 'b']), all, encodeJsonLines(['1'])]) {
      for (const packed of [bytes, gzipSync(bytes)]) {
        const { repaired, report } = await repair(packed);
        expect(repaired.equals(bytes)).to.equal(true);
        expect(report.damage).to.deep.equal([]);
      }
    }
  });

  it('copies all valid frames with a new index, whichever frame is damaged', async () => {
    for (const [lost, { begin, end }] of SAMPLE.frames.entries()) {
      for (const at of [begin + 1, begin + 20, end - 1]) {
        const { repaired, report, verified } = await repair(flipBit(SAMPLE.bytes, 8 * at));
        expect(report.damage).to.have.length(1);
        expect(report.damage[0]).to.include({ begin, end });
        expect(decodeArchive(repaired).map(plain)).to.deep.equal(recordsWithout(SAMPLE, lost));
        const isLast = lost === SAMPLE.frames.length - 1;
        expect(verified).to.include({ index: 'valid', writerEnded: !isLast, ordinal: 0 });
        expect(verified.damage).to.deep.equal([]);
      }
    }
  });

  it('gives an archive that was cut off an index', async () => {
    for (let at = 0; at < SAMPLE.bytes.length; at += 37) {
      const cut = SAMPLE.bytes.subarray(0, at);
      const { repaired, verified, report } = await repair(cut, 'a.events.open');
      const { records } = decodeSkipping(Buffer.from(cut));
      expect(decodeArchive(repaired).map(plain)).to.deep.equal(records);
      expect(verified.index).to.equal(records.length === 0 ? 'missing' : 'valid');
      expect(report.damage).to.deep.equal([]);
    }
  });

  it('links an archive that follows others in the same file to them', async () => {
    const open = sealArchive([[{ payload: 'y' }]], { sequence: 9, hasIndex: false }).bytes;
    const { verified } = await repair(Buffer.concat([SAMPLE.bytes, SECOND, open]));
    const [first, second, third] = verified.parts.map(({ index }) => index);
    expect([first?.ordinal, second?.ordinal, third?.ordinal]).to.deep.equal([0, 1, 2]);
    expect(third).to.include({ previousSha256: second?.sha256, writerEnded: false });
    expect(second).to.include({ previousSha256: first?.sha256 });
  });

  it('leaves blocks of another writer before an archive without an index', async () => {
    const open = sealArchive([[{ payload: 'y' }]], { hasIndex: false }).bytes;
    const { repaired, verified } = await repair(Buffer.concat([open, STRANGE_ARCHIVE]));
    expect(repaired.subarray(open.length).equals(STRANGE_ARCHIVE)).to.equal(true);
    expect(verified).to.include({ index: 'valid', isIntact: true });
  });

  it('writes an index for the blocks after the last frame of version 1', async () => {
    const open = sealArchive([[{ payload: 'y' }]], { hasIndex: false }).bytes;
    const { verified } = await repair(Buffer.concat([open, encodeVersion1(['a']), SECOND]));
    expect(verified.index).to.equal('valid');
    expect(verified.parts).to.have.length(3);
  });

  it('writes no index if none of its blocks is left', async () => {
    const [block] = sealArchive([[{ payload: 'only' }]]).frames;
    const { bytes } = sealArchive([[{ payload: 'only' }]]);
    const { repaired } = await repair(flipBit(bytes, 8 * ((block?.end ?? 0) - 1)));
    expect(repaired).to.have.length(0);
  });

  it('leaves damaged lines out', async () => {
    const lines = Buffer.concat([
      encodeJsonLines(['1']),
      Buffer.from([0xff, 0x0a]),
      Buffer.from('2'),
    ]);
    expect((await repair(lines)).repaired.toString()).to.equal('1\n2\n');
  });

  it('does not touch an existing file, and leaves no file of its own', async () => {
    await withScratch(async (scratch) => {
      const path = await scratch.put('a.events', SAMPLE.bytes);
      const to = await scratch.put('b.events', Buffer.from('here'));
      expect(await rejection(repairArchive(path, to))).to.have.property('code', 'EEXIST');
      expect(await rejection(repairArchive(path, path))).to.have.property('code', 'EEXIST');
      expect((await readFile(to)).toString()).to.equal('here');
      expect(await scratch.list()).to.deep.equal(['a.events', 'b.events']);
    });
  });

  for (const call of ['write', 'sync', 'close'] as const) {
    it(`leaves no file when ${call} fails`, async () => {
      await withScratch(async (scratch) => {
        const path = await scratch.put('a.events', SAMPLE.bytes);
        let opened = 0;
        const files = withFile((file) => {
          if (++opened === 1) return {};
          return {
            [call]: async () => {
              if (call === 'close') await file.close();
              throw Object.assign(new Error(`ENOSPC: no space left, ${call}`), { code: 'ENOSPC' });
            },
          };
        });
        const error = await rejection(repairArchive(path, join(scratch.path, 'b'), { files }));
        expect(error).to.have.property('code', 'ENOSPC');
        expect(await scratch.list()).to.deep.equal(['a.events']);
      });
    });
  }

  it('syncs the file, and then its directory, before it settles', async () => {
    await withScratch(async (scratch) => {
      const path = await scratch.put('a.events', SAMPLE.bytes);
      const calls: string[] = [];
      const inner = withFile((file) => ({
        async sync() {
          calls.push('sync');
          await file.sync();
        },
      }));
      const files: FileLayer = {
        ...inner,
        async link(from, to) {
          calls.push('link');
          await inner.link(from, to);
        },
        async syncDirectory(directory) {
          calls.push(`sync ${directory}`);
          await inner.syncDirectory(directory);
        },
      };
      await repairArchive(path, join(scratch.path, 'b.events'), { files });
      expect(calls).to.deep.equal(['sync', 'link', `sync ${scratch.path}`]);
    });
  });
});
