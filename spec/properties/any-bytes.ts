import { expect } from 'chai';
import fc from 'fast-check';

import type { ArchiveDecoderOptions } from '../../lib/codec/frames/kind-decoder.js';
import { DamageError } from '../../lib/errors/damage-error.js';
import { decodeChunks } from '../support/decode-archive.js';
import { forgeBody, forgeFrame, forgeRecord } from '../support/forge-frame.js';
import type { NamedProperty } from './named-property.js';
import { cutBySizes, pieceSizes } from './piece-sizes.js';

/** The memory that a decoder may use besides its input, with some slack for the test itself. */
const MOST_BYTES = 2 ** 21;

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const length = fc.oneof(fc.nat(200), fc.nat(0xffffffff), fc.constantFrom(0xffffffff, 2 ** 31, 0));

/** A version-1 header with any lengths, and bytes that may follow it. */
const anyVersion1 = fc
  .tuple(fc.oneof(fc.nat(60), int32), fc.oneof(fc.nat(60), int32), fc.uint8Array({ maxLength: 90 }))
  .map(([metadata, payload, rest]) => {
    const header = Buffer.alloc(18);
    header.set([0x84, 0x78, 0x86, 0x69, 1]);
    header.writeInt32LE(metadata, 6);
    header.writeInt32LE(payload, 10);
    return Buffer.concat([header, rest]);
  });

/** A frame with good checksums and any contents. */
const anyFrame = fc
  .record({
    body: fc.oneof(
      fc.uint8Array({ maxLength: 90 }),
      fc.string({ maxLength: 9 }).map((text) => forgeBody(forgeRecord(text))),
    ),
    header: fc.record(
      {
        version: fc.constantFrom(0, 2, 2, 2, 3),
        kind: fc.constantFrom(1, 1, 2, 3, 128),
        records: length,
        bodyBytes: length,
        storedBytes: length,
        sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        earliestMicros: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        flags: fc.nat(0x1ffff),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ body, header }) => forgeFrame(body, header));

const magic = fc.constant(Buffer.from([0x84, 0x78, 0x86, 0x69, 2, 0]));
const noise = fc.uint8Array({ maxLength: 150 }).map((bytes) => Buffer.from(bytes));
const text = fc.string({ maxLength: 40 }).map((line) => Buffer.from(`${line}\n`));

const anyBytes = fc
  .array(fc.oneof(noise, magic, anyVersion1, anyFrame, text), { maxLength: 8 })
  .map((parts) => Buffer.concat(parts));

const options: fc.Arbitrary<ArchiveDecoderOptions> = fc.record({
  whenDamaged: fc.constantFrom('error', 'skip'),
  tornTail: fc.constantFrom('damage', 'end'),
  maxRecordBytes: fc.constantFrom(100, '64 MiB'),
  metadataKey: fc.constantFrom(undefined, 'm'),
});

export const anyBytesAreRead: NamedProperty = {
  name: 'no bytes crash a reader, or make it allocate much more memory than they have',
  property: fc.property(anyBytes, pieceSizes, options, (bytes, sizes, how) => {
    const before = process.memoryUsage().arrayBuffers;
    let end = 0;
    const onDamage = (damage: { begin: number; end: number }) => {
      expect(damage.begin).to.be.at.least(end);
      expect(damage.end).to.be.within(damage.begin + 1, bytes.length);
      end = damage.end;
    };
    const { records, error } = decodeChunks(cutBySizes(bytes, sizes), { ...how, onDamage });
    for (const record of records) {
      expect(record.metadata).to.be.an('object');
      expect(record.payload.length).to.be.at.most(bytes.length);
    }
    if (error !== undefined) expect(error).to.be.instanceOf(DamageError);
    if (how.whenDamaged === 'skip') expect(error).to.equal(undefined);
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(MOST_BYTES);
  }),
};
