import { expect } from 'chai';

import type { WriterList } from '../../../lib/codec/frames/known-writers.js';
import { FileSource } from '../../../lib/series/opening/file-source.js';
import { writersByIndex } from '../../../lib/series/opening/writers-by-index.js';
import {
  EARLIER_ARCHIVE,
  flipBit,
  OTHER_WRITER_ID,
  STRANGE_ARCHIVE,
  sampleVersion2,
  sealArchive,
} from '../../support/damaged-archive.js';
import { WRITER_ID } from '../../support/encode-archive.js';
import { withMemoryFile } from '../../support/memory-file.js';

const { bytes: ARCHIVE } = sampleVersion2();
const [WRITER, OTHER] = [WRITER_ID, OTHER_WRITER_ID].map((id) => id.toString('hex'));

async function writersOf(bytes: Uint8Array): Promise<WriterList> {
  const file = await withMemoryFile('a', bytes).open('a', 'r');
  return await writersByIndex(new FileSource(file, 'a'));
}

const NONE = { starts: [], areAll: false };

describe('writersByIndex', () => {
  it('finds the writers of all archives that were concatenated, from the end', async () => {
    const [ours, theirs] = [WRITER, OTHER].map((writer, i) => ({
      ...{ writer, sequence: 0 },
      begin: i * ARCHIVE.length,
    }));
    expect(await writersOf(ARCHIVE)).to.deep.equal({ starts: [ours], areAll: true });
    const both = Buffer.concat([ARCHIVE, STRANGE_ARCHIVE]);
    expect(await writersOf(both)).to.deep.equal({ starts: [theirs, ours], areAll: true });
    const later = sealArchive([[{ payload: 'x' }]], { sequence: 7 }).bytes;
    const starts = [{ writer: WRITER, sequence: 7, begin: 0 }];
    expect(await writersOf(later)).to.deep.equal({ starts, areAll: true });
  });

  it('finds none without an index at the end', async () => {
    const open = sealArchive([[{ payload: 'x' }]], { hasIndex: false }).bytes;
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(3), Buffer.alloc(500), open]) {
      expect(await writersOf(bytes)).to.deep.equal(NONE);
    }
  });

  it('does not claim to know all writers if the index belongs to a payload', async () => {
    const payloadEnds = [STRANGE_ARCHIVE, EARLIER_ARCHIVE].map(
      (archive) => ARCHIVE.indexOf(archive) + archive.length,
    );
    for (let at = 0; at < ARCHIVE.length; at++) {
      const { starts, areAll } = await writersOf(ARCHIVE.subarray(0, at));
      expect(starts).to.have.length(payloadEnds.includes(at) ? 1 : 0);
      expect(areAll).to.equal(false);
    }
    expect(await writersOf(Buffer.concat([Buffer.alloc(1), ARCHIVE]))).to.include({
      areAll: false,
    });
  });

  it('finds none from an index with a flipped bit', async () => {
    const frameBytes = ARCHIVE.readUInt32LE(ARCHIVE.length - 4);
    for (let bit = 8 * (ARCHIVE.length - frameBytes); bit < 8 * ARCHIVE.length; bit++) {
      expect(await writersOf(flipBit(ARCHIVE, bit))).to.deep.equal(NONE);
    }
  });
});
