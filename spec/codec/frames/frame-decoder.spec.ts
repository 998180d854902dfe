import { expect } from 'chai';

import { encodeIndexFrame } from '../../../lib/codec/version-2/archive-index.js';
import type { DamageReason } from '../../../lib/errors/damage-error.js';
import {
  damageOf,
  decodeArchive,
  decodeChunks,
  decodeDamaged,
} from '../../support/decode-archive.js';
import { encodeBlocks, encodeVersion1, WRITER_ID } from '../../support/encode-archive.js';
import {
  type ForgedHeader,
  forgeBody,
  forgeFrame,
  forgeRecord,
} from '../../support/forge-frame.js';

const BODY = forgeBody(forgeRecord('forged'));
const BEFORE = encodeBlocks(['before']);
const AFTER = encodeBlocks(['after']);

function texts(bytes: Uint8Array): string[] {
  return decodeArchive(bytes).map((record) => record.text());
}

const refused: ReadonlyArray<readonly [what: string, header: ForgedHeader, reason: DamageReason]> =
  [
    ['a version 3 frame', { version: 3 }, 'unknown-version'],
    ['a version 0 frame', { version: 0 }, 'unknown-version'],
    ['a version -1 frame', { version: -1 }, 'unknown-version'],
    ['a version 3 frame of a kind that it knows', { version: 3, kind: 2 }, 'unknown-version'],
    ['kind 0', { kind: 0 }, 'unknown-kind'],
    ['kind 3', { kind: 3 }, 'unknown-kind'],
    ['kind 127', { kind: 127 }, 'unknown-kind'],
    ['codec 1', { codec: 1 }, 'unknown-codec'],
    ['an unknown flag of the high 16', { flags: 0x10000 }, 'unknown-flags'],
    ['the highest flag', { flags: 0x80000000 }, 'unknown-flags'],
    ['two lengths of a stored body', { bodyBytes: 1 }, 'bad-header'],
    ['a sequence over 2^53 - 1', { sequence: 2n ** 53n }, 'bad-header'],
    ['sequences that leave 53 bits', { sequence: 2n ** 53n - 1n, records: 2 }, 'bad-header'],
    ['an earliest time of -2^53', { earliestMicros: -(2n ** 53n) }, 'bad-header'],
    ['a latest time of 2^53', { latestMicros: 2n ** 53n }, 'bad-header'],
    ['an earliest time after the latest', { earliestMicros: 1n }, 'bad-header'],
    ['a block without records', { records: 0 }, 'bad-header'],
  ];

describe('FrameDecoder', () => {
  for (const [what, header, reason] of refused) {
    it(`refuses ${what} as '${reason}', after all records before it`, () => {
      const archive = Buffer.concat([BEFORE, forgeFrame(BODY, header), AFTER]);
      const { records, error } = decodeDamaged(archive);
      expect(error.reason).to.equal(reason);
      expect(error.offset).to.be.within(BEFORE.length, BEFORE.length + 4);
      expect(records.map((record) => record.text())).to.deep.equal(['before']);
    });
  }

  it('accepts the largest sequence', () => {
    const frame = forgeFrame(BODY, { sequence: 2n ** 53n - 1n });
    expect(decodeArchive(frame)[0]?.sequence).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it('ignores unknown flags of the low 16', () => {
    expect(texts(forgeFrame(BODY, { flags: 0xffff }))).to.deep.equal(['forged']);
  });

  const skipped: ReadonlyArray<readonly [what: string, header: ForgedHeader]> = [
    ['kind 128', { kind: 128 }],
    ['kind 255', { kind: 255 }],
    ['kind 128 of an unknown version', { kind: 128, version: 9 }],
    ['kind 128 with an unknown codec and flags', { kind: 128, codec: 7, flags: 0xffffffff }],
    ['kind 128 with a body of another length once decoded', { kind: 128, bodyBytes: 0xffffffff }],
    ['kind 128 with numbers that it cannot hold', { kind: 128, sequence: 2n ** 60n, records: 0 }],
  ];
  for (const [what, header] of skipped) {
    it(`skips ${what}`, () => {
      const frame = forgeFrame(Buffer.from('anything'), header);
      expect(texts(Buffer.concat([BEFORE, frame, AFTER]))).to.deep.equal(['before', 'after']);
    });
  }

  it('skips an index, and reads the archive that was concatenated after it', () => {
    const zeros = Buffer.alloc(32);
    const facts = { archiveBytes: BEFORE.length, sha256: zeros, previousSha256: zeros };
    const index = { ...facts, records: 0, ordinal: 0, writerEnded: true, entries: [] };
    const frame = encodeIndexFrame(index, WRITER_ID, 1);
    expect(texts(Buffer.concat([BEFORE, frame, AFTER, frame]))).to.deep.equal(['before', 'after']);
  });

  it('reports an index with an invalid body as damage, at its frame', () => {
    const frame = forgeFrame(Buffer.alloc(100), { kind: 2, records: 0 });
    const { records, error } = decodeDamaged(Buffer.concat([BEFORE, frame]));
    expect(records).to.have.length(1);
    expect(error.message).to.include(`damaged index at byte ${BEFORE.length + 64 + 96}`);
    frame.writeUInt8(1, 70);
    expect(decodeDamaged(frame).error).to.include({ reason: 'bad-checksum', offset: 0 });
  });

  it('reads frames of both versions in one archive', () => {
    const archive = Buffer.concat([BEFORE, encodeVersion1(['one', 'two']), AFTER]);
    expect(texts(archive)).to.deep.equal(['before', 'one', 'two', 'after']);
  });

  describe('lengths', () => {
    for (const storedBytes of [0xffffffff, 2 ** 31, 80 * 2 ** 20 + 1]) {
      it(`of ${storedBytes} bytes are refused at the header, before any of them comes`, () => {
        const header = forgeFrame(BODY, { bodyBytes: storedBytes, storedBytes }).subarray(0, 64);
        const before = process.memoryUsage().arrayBuffers;
        const { error } = decodeChunks([BEFORE, header]);
        expect(damageOf(error)).to.include({ reason: 'too-large', offset: BEFORE.length });
        expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 ** 20);
      });
    }

    it('of a skippable frame are refused as well', () => {
      const frame = forgeFrame(BODY, { kind: 200, storedBytes: 0xffffffff });
      expect(decodeDamaged(frame).error.reason).to.equal('too-large');
    });

    it('up to the limit are awaited without allocating memory for them', () => {
      const storedBytes = 80 * 2 ** 20;
      const frame = forgeFrame(BODY, { bodyBytes: storedBytes, storedBytes });
      const before = process.memoryUsage().arrayBuffers;
      expect(decodeDamaged(frame).error.reason).to.equal('torn');
      expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 ** 20);
    });

    it('allow a body of maxRecordBytes and the largest block', () => {
      const maxRecordBytes = 1000;
      const most = maxRecordBytes + 16 * 2 ** 20;
      const one = { bodyBytes: most, storedBytes: most };
      expect(decodeDamaged(forgeFrame(BODY, one), { maxRecordBytes }).error.reason).to.equal(
        'torn',
      );
      const more = { bodyBytes: most + 1, storedBytes: most + 1 };
      const { error } = decodeDamaged(forgeFrame(BODY, more), { maxRecordBytes });
      expect(error.reason).to.equal('too-large');
    });
  });

  describe('magic', () => {
    it('that is wrong is refused, and the message shows it', () => {
      const { error } = decodeDamaged(Buffer.from('is it an archive?'));
      expect(error).to.include({ reason: 'bad-magic', offset: 0 });
      expect(error.message).to.equal(
        'damaged frame at byte 0: expected magic 0x69867884, 84788669, found 69732069',
      );
    });

    it('of gzip is named in the message', () => {
      const { error } = decodeDamaged(Buffer.from('1f8b080000000000', 'hex'));
      expect(error.found).to.equal('1f8b0800 (gzip: decompress it first)');
    });

    it('that is wrong is refused after a frame, even as the last byte', () => {
      for (const garbage of ['x', '\u0000', 'garbage', 'x'.repeat(100)]) {
        for (const tornTail of ['damage', 'end'] as const) {
          const { records, error } = decodeDamaged(Buffer.concat([BEFORE, Buffer.from(garbage)]), {
            tornTail,
          });
          expect(error).to.include({ reason: 'bad-magic', offset: BEFORE.length });
          expect(records).to.have.length(1);
        }
      }
    });
  });

  it('names an unknown version even if the checksum is wrong', () => {
    const frame = forgeFrame(BODY);
    frame.writeInt16LE(0x0102, 4);
    const { error } = decodeDamaged(frame);
    expect(error.reason).to.equal('unknown-version');
    expect(error.message).to.include('expected version 1 or 2, found 258');
  });

  it('shows both checksums, the computed one and that of the header', () => {
    const frame = forgeFrame(BODY);
    frame.writeUInt32LE(0x01020304, 60);
    const { error } = decodeDamaged(frame);
    expect(error.reason).to.equal('bad-checksum');
    expect(error.message).to.match(
      /header at byte 0: expected checksum 0x[0-9a-f]{8}, found 0x0102/,
    );
    const body = forgeFrame(BODY);
    body.writeUInt8(body.readUInt8(70) ^ 1, 70);
    expect(decodeDamaged(body).error.message).to.match(
      /block at byte 0: expected body checksum 0x/,
    );
  });
});
