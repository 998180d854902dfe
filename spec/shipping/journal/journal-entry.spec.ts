import { crc32 } from 'node:zlib';

import { expect } from 'chai';

import { decodeJournal, encodeJournal } from '../../../lib/shipping/journal/journal-entry.js';
import { ENTRIES, JOURNALED_ARCHIVE } from '../../support/journals.js';

/** A journal that holds any text, with the right checksum. */
function journal(text: string): Buffer {
  return Buffer.from(`${crc32(text).toString(16).padStart(8, '0')} ${text}\n`);
}

describe('journal entries', () => {
  for (const entry of ENTRIES) {
    const bytes = encodeJournal(entry);

    it(`survive encoding and decoding in the state ${entry.state}`, () => {
      expect(decodeJournal(bytes)).to.deep.equal(entry);
      expect(bytes.toString().split('\n')).to.have.length(2);
    });

    it(`are refused in the state ${entry.state} if they are cut or changed anywhere`, () => {
      for (let at = 0; at < bytes.length; at++) {
        expect(decodeJournal(bytes.subarray(0, at)), `cut at ${at}`).to.equal(null);
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        expect(decodeJournal(changed), `bit of byte ${at}`).to.equal(null);
      }
    });
  }

  const archive = JSON.stringify(JOURNALED_ARCHIVE);
  const unknown: Readonly<Record<string, string>> = {
    'of an unknown version': `{"version":2,"state":"sealed","archive":${archive}}`,
    'in an unknown state': `{"version":1,"state":"lost","archive":${archive}}`,
    'without an archive': '{"version":1,"state":"sealed"}',
    'whose archive is not an object': '{"version":1,"state":"sealed","archive":7}',
    'with a number that is text': `{"version":1,"state":"sealed","archive":${archive.replace(':7,', ':"7",')}}`,
    'with a time that is not a date': `{"version":1,"state":"sealed","archive":${archive.replace('1970', 'when')}}`,
    'without its object': `{"version":1,"state":"verified","archive":${archive}}`,
    'with unknown evidence': `{"version":1,"state":"verified","archive":${archive},"object":{"store":"","key":"","storedBytes":1,"evidence":"hearsay","takenKey":null}}`,
    'that are not JSON': '{"version":1,}',
  };
  for (const [what, text] of Object.entries(unknown)) {
    it(`${what} are refused, though their checksum is right`, () => {
      expect(decodeJournal(journal(text))).to.equal(null);
    });
  }

  it('take no field from a prototype', () => {
    const text = `{"version":1,"state":"sealed","archive":${archive},"__proto__":{"state":"lost"}}`;
    expect(decodeJournal(journal(text))).to.deep.equal(ENTRIES[0]);
    const inherited = `{"version":1,"__proto__":{"state":"sealed"},"archive":${archive}}`;
    expect(decodeJournal(journal(inherited))).to.equal(null);
  });
});
