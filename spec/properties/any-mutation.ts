import { expect } from 'chai';
import fc from 'fast-check';

import { beginsAsJson } from '../../lib/codec/json-lines/begins-as-json.js';
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

/** The writer in the archive's index. The archives in its payloads have earlier records. */
const START = { writer: WRITER_ID.toString('hex'), sequence: 2, begin: 0 };
const WRITERS = { starts: [START], areAll: true };

/** One record per block, because a block cannot span any two times. */
const blocks = fc.array(
  record.map((one) => [one]),
  { minLength: 1, maxLength: 6 },
);

/** A change. Its positions are fractions of the archive's length. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('flip', 'overwrite', 'insert', 'delete', 'zero', 'repeat'),
  count: fc.integer({ min: 1, max: 300 }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 100 }),
});

function apply(archive: Buffer, { at, kind, count, bytes }: Change): Buffer {
  const begin = Math.floor(at * archive.length);
  const [head, tail] = [archive.subarray(0, begin), archive.subarray(begin)];
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
  name: 'no change of a version-2 archive makes a reader return a record that was not written',
  property: fc.property(
    blocks,
    fc.array(change, { minLength: 1, maxLength: 4 }),
    fc.constantFrom(1, 64, 5000),
    (written, changes, size) => {
      const sample = sealArchive(written, { sequence: START.sequence });
      const changed = changes.reduce(apply, sample.bytes);
      // An archive that begins like JSON is of another kind.
      fc.pre(!beginsAsJson(changed[0]));
      const options = { writers: WRITERS };
      const { records } = decodeSkipping(changed, size, options);
      const known = new Set(recordsWithout(sample, -1).map((one) => JSON.stringify(one)));
      // If bytes move, a frame of a payload may end up where a frame of the archive should be.
      const isMoved = changed.length !== sample.bytes.length;
      for (const one of isMoved ? EMBEDDED : []) known.add(one);
      for (const one of records) {
        if (!known.has(JSON.stringify(one))) expect.fail(JSON.stringify(one));
      }
    },
  ),
};

export const flipCostsOneBlock: NamedProperty = {
  name: 'a flipped bit costs only the block that it is in',
  property: fc.property(
    blocks,
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    fc.nat(7),
    fc.constantFrom(1, 64, 5000),
    (written, at, bit, size) => {
      const sample = sealArchive(written, { sequence: START.sequence });
      const flipped = Math.floor(at * sample.bytes.length);
      const changed = Buffer.from(sample.bytes);
      changed.writeUInt8(changed.readUInt8(flipped) ^ (1 << bit), flipped);
      const lost = sample.frames.findIndex(({ end }) => flipped < end);
      const options = { writers: WRITERS };
      const { records, damage } = decodeSkipping(changed, size, options);
      expect(records).to.deep.equal(recordsWithout(sample, lost));
      const { begin, end } = sample.frames[lost] ?? {};
      expect(damage.map((one) => [one.begin, one.end])).to.deep.equal([[begin, end]]);
    },
  ),
};
