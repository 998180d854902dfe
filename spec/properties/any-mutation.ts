import { expect } from 'chai';
import fc from 'fast-check';

import { beginsAsJson } from '../../lib/codec/bytes/begins-as-json.js';
import type { RecordFields } from '../../lib/codec/records/record-input.js';
import { anyMetadata, anyMicros, anyPayload } from '../support/arbitrary-record.js';
import {
  decodeSkipping,
  EARLIER_ARCHIVE,
  recordsWithout,
  STRANGE_ARCHIVE,
  sealArchive,
} from '../support/damaged-archive.js';
import { WRITER_ID } from '../support/encode-archive.js';
import type { NamedProperty } from './named-property.js';

const record: fc.Arbitrary<RecordFields> = fc.record(
  {
    metadata: anyMetadata,
    payload: fc.oneof(
      { weight: 4, arbitrary: anyPayload },
      { weight: 1, arbitrary: fc.constantFrom(STRANGE_ARCHIVE, EARLIER_ARCHIVE) },
    ),
    timeMicros: anyMicros,
  },
  { requiredKeys: ['payload'] },
);

const EMBEDDED: readonly string[] = [STRANGE_ARCHIVE, EARLIER_ARCHIVE].flatMap((archive) =>
  decodeSkipping(archive).records.map((one) => JSON.stringify(one)),
);

/** What the archive's index tells. The archives in its payloads have earlier records. */
const START = { writer: WRITER_ID.toString('hex'), sequence: 2 };
const WRITERS = { starts: [START], areAll: true };

/** One record each: any time may be in it, and a block cannot span any two. */
const blocks = fc.array(
  record.map((one) => [one]),
  { minLength: 1, maxLength: 6 },
);

/** A change, its places as parts of the whole. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('flip', 'overwrite', 'insert', 'delete', 'zero', 'repeat'),
  count: fc.integer({ min: 1, max: 300 }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 100 }),
});

function apply(archive: Buffer, { at, kind, count, bytes }: Change): Buffer {
  const place = Math.floor(at * archive.length);
  const [head, tail] = [archive.subarray(0, place), archive.subarray(place)];
  const rest = tail.subarray(count);
  switch (kind) {
    case 'flip':
      return Buffer.concat([
        head,
        tail.subarray(0, 1).map((byte) => byte ^ (2 ** (count % 8))),
        tail.subarray(1),
      ]);
    case 'overwrite':
      return Buffer.concat([head, bytes, tail.subarray(bytes.length)]);
    case 'insert':
      return Buffer.concat([head, bytes, tail]);
    case 'delete':
      return Buffer.concat([head, rest]);
    case 'zero':
      return Buffer.concat([head, Buffer.alloc(Math.min(count, tail.length)), rest]);
    case 'repeat':
      return Buffer.concat([head, tail.subarray(0, count), tail]);
  }
}

interface Change {
  readonly at: number;
  readonly kind: 'flip' | 'overwrite' | 'insert' | 'delete' | 'zero' | 'repeat';
  readonly count: number;
  readonly bytes: Uint8Array;
}

export const mutationNeverAlters: NamedProperty = {
  name: 'whatever is changed in an archive of version 2, no record is read that was not written',
  property: fc.property(
    blocks,
    fc.array(change, { minLength: 1, maxLength: 4 }),
    fc.constantFrom(1, 64, 5000),
    (written, changes, size) => {
      const sample = sealArchive(written, { sequence: START.sequence });
      const changed = changes.reduce(apply, sample.bytes);
      // What begins as JSON is an archive of another kind.
      fc.pre(!beginsAsJson(changed[0]));
      const options = { writers: WRITERS };
      const { records } = decodeSkipping(changed, size, options);
      const known = new Set(recordsWithout(sample, -1).map((one) => JSON.stringify(one)));
      // Where bytes move, a frame in a payload may come to stand where one of the archive should.
      const isMoved = changed.length !== sample.bytes.length;
      for (const one of isMoved ? EMBEDDED : []) known.add(one);
      for (const one of records) {
        if (!known.has(JSON.stringify(one))) expect.fail(JSON.stringify(one));
      }
    },
  ),
};

export const flipCostsOneBlock: NamedProperty = {
  name: 'a bit that is flipped costs the block that it is in, and nothing else',
  property: fc.property(
    blocks,
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    fc.nat(7),
    fc.constantFrom(1, 64, 5000),
    (written, at, bit, size) => {
      const sample = sealArchive(written, { sequence: START.sequence });
      const place = Math.floor(at * sample.bytes.length);
      const changed = Buffer.from(sample.bytes);
      changed.writeUInt8(changed.readUInt8(place) ^ (1 << bit), place);
      const lost = sample.frames.findIndex(({ end }) => place < end);
      const options = { writers: WRITERS };
      const { records, damage } = decodeSkipping(changed, size, options);
      expect(records).to.deep.equal(recordsWithout(sample, lost));
      const { begin, end } = sample.frames[lost] ?? {};
      expect(damage.map((one) => [one.begin, one.end])).to.deep.equal([[begin, end]]);
    },
  ),
};
