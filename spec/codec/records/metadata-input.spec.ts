import { expect } from 'chai';

import {
  type FlatMetadata,
  fieldOf,
  flattenMetadata,
  type MetadataInput,
} from '../../../lib/codec/records/metadata-input.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { decodeArchive } from '../../support/decode-archive.js';
import { encodeVersion1 } from '../../support/encode-archive.js';

function flatten(metadata: unknown): FlatMetadata {
  const flat: FlatMetadata = ['left', 'over'];
  flattenMetadata(metadata as MetadataInput, flat);
  return flat;
}

describe('flattenMetadata', () => {
  it('accepts an object, a Map, pairs, or nothing', () => {
    const flat = ['key', 'value', 'some', 'stuff'];
    expect(flatten({ key: 'value', some: 'stuff' })).to.deep.equal(flat);
    expect(flatten(new Map(Object.entries({ key: 'value', some: 'stuff' })))).to.deep.equal(flat);
    expect(flatten(Object.entries({ key: 'value', some: 'stuff' }))).to.deep.equal(flat);
    for (const nothing of [undefined, null, {}, [], new Map()]) {
      expect(flatten(nothing)).to.deep.equal([]);
    }
  });

  it('keeps the order of a Map and of pairs, also of integer-like keys', () => {
    const pairs = [
      ['b', '1'],
      ['1', '2'],
    ] as const;
    expect(flatten(new Map(pairs))).to.deep.equal(['b', '1', '1', '2']);
    expect(flatten(pairs)).to.deep.equal(['b', '1', '1', '2']);
    expect(flatten(Object.fromEntries(pairs))).to.deep.equal(['1', '2', 'b', '1']);
  });

  it('accepts keys that every object inherits, but only as own keys', () => {
    const metadata = JSON.parse('{"__proto__":"a","constructor":"b"}');
    expect(flatten(metadata)).to.deep.equal(['__proto__', 'a', 'constructor', 'b']);
    expect(() => flatten(Object.create({ inherited: 'x' }))).to.throw(RecordError, 'is a Object');
  });

  it('accepts the bytes of a record that is copied', () => {
    const [record] = decodeArchive(encodeVersion1([{ metadata: { a: 'b' }, payload: '' }]));
    expect(flatten(record)).to.deep.equal([Buffer.from('a'), Buffer.from('b')]);
  });

  const refused: ReadonlyArray<readonly [metadata: unknown, field: string, problem: string]> = [
    [{ user: 1 }, 'metadata["user"]', 'is number, expected a string'],
    [{ user: null }, 'metadata["user"]', 'is null, expected a string'],
    [{ user: ['x'] }, 'metadata["user"]', 'is an array, expected a string'],
    [{ user: undefined }, 'metadata["user"]', 'is undefined, expected a string'],
    [new Map([[1, 'x']]), 'metadata', 'has a key that is number'],
    [new Map([['a', {}]]), 'metadata["a"]', 'is object, expected a string'],
    [[['a', 'b', 'c']], 'metadata', 'has an entry that is not a pair'],
    [['ab'], 'metadata', 'has an entry that is not a pair'],
    [[[null, 'b']], 'metadata', 'has a key that is null'],
    ['text', 'metadata', 'is text, expected an object, a Map or pairs'],
    [new Set(['a']), 'metadata', 'expected an object, a Map or pairs'],
    [7, 'metadata', 'is 7, expected an object, a Map or pairs'],
  ];
  for (const [metadata, field, problem] of refused) {
    it(`refuses metadata that ${problem}, and names ${field}`, () => {
      expect(() => flatten(metadata))
        .to.throw(RecordError, problem)
        .with.property('field', field);
    });
  }

  it('refuses pairs in which a key occurs twice', () => {
    const pairs = [
      ['a', '1'],
      ['a', '2'],
    ];
    expect(() => flatten(pairs)).to.throw(RecordError, 'metadata["a"] of a record is given twice');
  });
});

describe('fieldOf', () => {
  it('names the metadata under a key', () => {
    expect(fieldOf('a "key"\n')).to.equal('metadata["a \\"key\\"\\n"]');
  });

  it('cuts a long key', () => {
    expect(fieldOf('k'.repeat(1000))).to.have.length.below(100);
  });
});
