import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import { gzipFormat } from '../../lib/codec/compression/gzip/gzip-format.js';
import { gzipHeaderBytes } from '../../lib/codec/compression/gzip/gzip-header.js';
import {
  decodeDataHeader,
  encodeDataHeader,
  encodeEndMember,
} from '../../lib/codec/compression/gzip/gzip-member.js';
import { readFileEnd } from '../../lib/codec/compression/members/file-end.js';
import { decodeMemberIndex } from '../../lib/codec/compression/members/member-index.js';
import { DamageError } from '../../lib/errors/damage-error.js';
import { END_MEMBER_BYTES } from '../../lib/format/seekable-gzip.js';
import type { NamedProperty } from './named-property.js';

const count = fc.oneof(fc.nat(300), fc.maxSafeNat());

/** The extra field of a data member of ours, with any contents. */
const anyDataExtra = fc
  .record({
    rawBytes: count,
    records: count,
    sequence: count,
    earliestMicros: fc.maxSafeInteger(),
    latestMicros: fc.maxSafeInteger(),
    beginsWhole: fc.boolean(),
    isTimed: fc.boolean(),
    deflatedBytes: fc.nat(2 ** 30),
  })
  .map(({ deflatedBytes, ...facts }) => extraOf(encodeDataHeader(facts, deflatedBytes)));

/** A last member of ours, with any contents. */
const anyEndMember = fc
  .record({
    indexBytes: count,
    dataBytes: count,
    rawBytes: count,
    records: count,
    recordsAreExact: fc.boolean(),
    writer: fc.constantFrom(null, '0123456789abcdef'),
  })
  .map((totals) => encodeEndMember(totals));

/** A subfield with our id and any contents. */
const anySubfield = fc
  .tuple(fc.constantFrom('SB', 'SB', 'XX'), fc.uint8Array({ maxLength: 80 }))
  .map(([id, data]) => {
    const length = Buffer.alloc(2);
    length.writeUInt16LE(data.length);
    return Buffer.concat([Buffer.from(id), length, data]);
  });

const noise = fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes));

const anyExtra = fc
  .tuple(
    fc.array(fc.oneof(anyDataExtra, anyEndMember.map(extraOf), anySubfield, noise), {
      maxLength: 3,
    }),
    fc.option(fc.tuple(fc.nat(200), fc.nat(255)), { nil: undefined }),
  )
  .map(([parts, change]) => {
    const extra = Buffer.concat(parts);
    const [at = 0, value = 0] = change ?? [];
    if (change !== undefined && at < extra.length) extra.writeUInt8(value, at);
    return extra;
  });

const HEAD = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff]);

/** The bytes of a member after the length of its extra field. */
function extraOf(member: Buffer): Buffer {
  return member.subarray(HEAD.length + 2, HEAD.length + 2 + member.readUInt16LE(HEAD.length));
}

function memberOf(extra: Buffer, data: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(extra.length);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(data));
  trailer.writeUInt32LE(data.length, 4);
  return Buffer.concat([HEAD, length, extra, deflateRawSync(data), trailer]);
}

function fail(): never {
  throw new DamageError({ reason: 'bad-gzip', what: 'gzip', offset: 0, expected: '', found: '' });
}

/** Runs a function that may throw only a DamageError. */
function orDamage(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
  }
}

export const anyExtraIsRead: NamedProperty = {
  name: 'no extra field of gzip costs a byte, or crashes the code that reads it',
  property: fc.property(
    fc.array(fc.tuple(anyExtra, fc.uint8Array({ maxLength: 60 })), { minLength: 1, maxLength: 3 }),
    fc.option(anyEndMember, { nil: Buffer.alloc(0) }),
    (pieces, last) => {
      const members = pieces.map(([extra, data]) => memberOf(extra, data));
      for (const [i, member] of members.entries()) {
        const headerBytes = gzipHeaderBytes(member, fail);
        expect(headerBytes).to.equal(HEAD.length + 2 + (pieces[i]?.[0].length ?? 0));
        orDamage(() => decodeDataHeader(member, fail));
      }
      const file = Buffer.concat([...members, last]);
      const data = Buffer.concat(pieces.map(([, bytes]) => bytes));
      expect(gunzipSync(file).equals(data)).to.equal(true);
      const tail = file.subarray(-END_MEMBER_BYTES);
      const end = readFileEnd(gzipFormat, {
        head: file.subarray(0, 64),
        tail,
        fileBytes: file.length,
      });
      if (end.kind !== 'seekable') return;
      expect(end.suffixBytes).to.be.at.most(file.length);
      const suffix = file.subarray(-end.suffixBytes);
      orDamage(() => {
        decodeMemberIndex(gzipFormat, { suffix, totals: end.totals, fileBytes: file.length });
      });
    },
  ),
};
