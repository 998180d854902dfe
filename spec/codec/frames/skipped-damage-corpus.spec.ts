import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createGunzip, gzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import { ArchiveDecoder } from '../../../lib/codec/archive-decoder.js';
import { beginsAsJson } from '../../../lib/codec/json-lines/begins-as-json.js';
import type { RecordFields } from '../../../lib/codec/records/record-input.js';
import { DamageError } from '../../../lib/errors/damage-error.js';
import { decompress } from '../../../lib/streams/compression/decompress.js';
import { gzipReader } from '../../../lib/streams/compression/gzip-reader.js';
import {
  decodeSkipping,
  flipBit,
  type PlainRecord,
  recordsWithout,
  type SampleArchive,
  sampleVersion1,
  sampleVersion2,
  sealArchive,
} from '../../support/damaged-archive.js';
import { plain } from '../../support/decode-archive.js';
import { WRITER_ID } from '../../support/encode-archive.js';
import { everyNth, runs } from '../../support/sampled.js';

const CORPORA = [
  '../../../../shared/corpus/notifications.jsonl.gz',
  '../../../examples/data/notifications.jsonl.gz',
].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/**
 * To try more: `SHOEBOX_PLACES=10000 npm run spec -- --grep 'Damage that is skipped' --timeout 0`.
 */
const PLACES = Number(process.env.SHOEBOX_PLACES ?? runs(40, 100));

/** Some records of the corpus, in blocks of twenty. */
async function readBlocks(path: string): Promise<RecordFields[][]> {
  const blocks: RecordFields[][] = [];
  const input = createReadStream(path).pipe(createGunzip());
  for await (const line of createInterface({ input })) {
    if (blocks.length === 0 || blocks.at(-1)?.length === 20) blocks.push([]);
    if (blocks.length > 12) break;
    blocks.at(-1)?.push(JSON.parse(line));
  }
  input.destroy();
  return blocks;
}

/** The writers that the index of the sample names. */
const WRITERS = {
  starts: [{ writer: WRITER_ID.toString('hex'), sequence: 0, begin: 0 }],
  areAll: true,
};

async function decodeGzip(packed: Buffer): Promise<PlainRecord[]> {
  let first: number | undefined;
  const decoder = new ArchiveDecoder({ whenDamaged: 'skip', writers: WRITERS });
  const records: PlainRecord[] = [];
  const takeAll = () => {
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) {
      records.push(...batch.map(plain));
    }
  };
  async function* input() {
    yield packed;
  }
  try {
    for await (const chunk of decompress(gzipReader, input())) {
      first ??= chunk[0];
      decoder.push(chunk);
      takeAll();
    }
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
  }
  decoder.end();
  takeAll();
  // A flipped first byte may turn it into JSON lines.
  return beginsAsJson(first) ? [] : records;
}

describe('Damage that is skipped, in an archive of the corpus', () => {
  const path = CORPORA.find((candidate) => existsSync(candidate));
  let sample: SampleArchive = { bytes: Buffer.alloc(0), frames: [] };

  before(async function () {
    if (path === undefined) this.skip();
    else sample = sealArchive(await readBlocks(path));
  });

  it(`costs only the block of a flipped bit, for ${PLACES} bits`, () => {
    const { bytes, frames } = sample;
    expect(frames.length).to.be.above(5);
    const whole = frames.map(({ records }) => JSON.stringify(records));
    fc.assert(
      fc.property(fc.nat(8 * bytes.length - 1), fc.constantFrom(65_536, 1000), (bit, size) => {
        const lost = frames.findIndex(({ end }) => bit >> 3 < end);
        const { records, damage } = decodeSkipping(flipBit(bytes, bit), size);
        expect(damage).to.have.length(1);
        const { begin, end } = frames[lost] ?? {};
        expect(damage[0]).to.include({ begin, end });
        let at = 0;
        for (const [i, frame] of frames.entries()) {
          if (i === lost) continue;
          const found = records.slice(at, at + frame.records.length);
          if (JSON.stringify(found) !== whole[i]) expect(found).to.deep.equal(frame.records);
          at += frame.records.length;
        }
        expect(at).to.equal(records.length);
      }),
      { numRuns: PLACES },
    );
  });
});

describe('Damage that is skipped, through gzip', () => {
  it('never returns an altered record of version 2, whatever bit is flipped', async () => {
    const sample = sampleVersion2();
    const packed = gzipSync(sample.bytes);
    const written = new Set(recordsWithout(sample, -1).map((record) => JSON.stringify(record)));
    // A sample with a bit of every byte, or of every third one. `gunzip` has the exhaustive run for gzip, and
    // skipped-damage.spec.ts the one for the archive.
    for (let bit = 0; bit < 8 * packed.length; bit += 7 * everyNth(3)) {
      for (const record of await decodeGzip(flipBit(packed, bit))) {
        if (!written.has(JSON.stringify(record))) expect.fail(JSON.stringify(record));
      }
    }
  });

  it('never crashes in version 1, wherever it is cut off', async () => {
    const sample = sampleVersion1([{ payload: 'a', metadata: { k: 'v' } }, { payload: 'b' }]);
    const packed = gzipSync(sample.bytes);
    for (let at = 0; at < packed.length; at++) {
      expect((await decodeGzip(packed.subarray(0, at))).length).to.be.within(0, 2);
      await decodeGzip(flipBit(packed, 8 * at));
    }
  });
});
