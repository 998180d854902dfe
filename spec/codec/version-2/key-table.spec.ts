import { expect } from 'chai';
import fc from 'fast-check';

import { KeyTable } from '../../../lib/codec/version-2/key-table.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { anyText } from '../../support/arbitrary-record.js';
import { forgeCounted } from '../../support/forge-frame.js';

describe('KeyTable', () => {
  it('gives each distinct key the next index, and keeps it', () => {
    const table = new KeyTable();
    const indexes = ['a', 'b', 'a', '', 'b', '__proto__'].map((key) => table.keyOf(key).index);
    expect(indexes).to.deep.equal([0, 1, 0, 2, 1, 3]);
    expect(table.size).to.equal(4);
  });

  it('encodes the keys in order, each after its length', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyText, { maxLength: 20 }), (keys) => {
        const table = new KeyTable();
        for (const key of keys) table.keyOf(key);
        const entries = keys.map((key) => forgeCounted(Buffer.from(key)));
        expect(table.entries.equals(Buffer.concat(entries))).to.equal(true);
        expect(table.entryBytes).to.equal(table.entries.length);
        expect(keys.map((key) => table.keyOf(key).entryBytes)).to.deep.equal(
          entries.map((entry) => entry.length),
        );
      }),
    );
  });

  it('treats a key as text and the same key as bytes as one', () => {
    const table = new KeyTable();
    expect(table.keyOf('ключ').index).to.equal(0);
    expect(table.keyOf(Buffer.from('ключ')).index).to.equal(0);
    expect(table.keyOf(new Uint8Array(Buffer.from('other'))).index).to.equal(1);
    expect(table.keyOf('other').index).to.equal(1);
  });

  it('distinguishes keys that are not UTF-8, also from the text that they read as', () => {
    const table = new KeyTable();
    const keys = [Buffer.of(0xff), Buffer.of(0xfe), Buffer.of(0xff), '\ufffd', 'ÿ'];
    expect(keys.map((key) => table.keyOf(key).index)).to.deep.equal([0, 1, 0, 2, 3]);
    expect(table.entries.toString('hex')).to.equal('01ff01fe03efbfbd02c3bf');
  });

  it('refuses a lone surrogate and stays as it was', () => {
    const table = new KeyTable();
    table.keyOf('a');
    expect(() => table.keyOf('b\ud800')).to.throw(RecordError, 'lone surrogate');
    expect(table.size).to.equal(1);
    expect(table.entries.toString()).to.equal('\u0001a');
  });

  it('removes the last keys, and only those', () => {
    const table = new KeyTable();
    table.keyOf('a');
    const { entryBytes, size } = table;
    table.keyOf('b');
    table.keyOf('c');
    table.reset(size, entryBytes);
    expect(table.size).to.equal(1);
    expect(table.keyOf('c').index).to.equal(1);
    expect(table.keyOf('a').index).to.equal(0);
    expect(table.entries.toString()).to.equal('\u0001a\u0001c');
  });

  it("finds the previous record's keys by pair number, until they are removed", () => {
    const table = new KeyTable();
    const places = (...keys: string[]) => keys.map((key, place) => table.keyAt(place, key).index);
    expect(places('a', 'b')).to.deep.equal([0, 1]);
    expect(places('a', 'b', 'c')).to.deep.equal([0, 1, 2]);
    expect(places('b', 'a')).to.deep.equal([1, 0]);
    const { entryBytes, size } = table;
    expect(places('b', 'd')).to.deep.equal([1, 3]);
    table.reset(size, entryBytes);
    expect(places('e', 'd')).to.deep.equal([3, 4]);
    table.reset();
    expect(places('d', 'e')).to.deep.equal([0, 1]);
  });

  it('removes all keys', () => {
    const table = new KeyTable();
    table.keyOf('a');
    table.reset();
    expect([table.size, table.entryBytes]).to.deep.equal([0, 0]);
    expect(table.keyOf('b').index).to.equal(0);
  });

  it('accepts keys that are longer than its initial memory', () => {
    const table = new KeyTable();
    const key = '€'.repeat(5000);
    expect(table.keyOf(key).entryBytes).to.equal(2 + 15_000);
    expect(table.entries.subarray(2).toString()).to.equal(key);
  });
});
