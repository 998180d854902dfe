import { expect } from 'chai';

import {
  baseNameOf,
  isReadableName,
  possiblePathsOf,
} from '../../../lib/series/names/archive-state.js';

describe('baseNameOf', () => {
  it('removes one suffix of a state', () => {
    expect(['a.events', 'a.events.open', 'a.events.gz'].map(baseNameOf)).to.deep.equal([
      'a.events',
      'a.events',
      'a.events',
    ]);
    expect(baseNameOf('a.events.open.gz')).to.equal('a.events.open');
    expect(baseNameOf('a.part')).to.equal('a.part');
  });
});

describe('isReadableName', () => {
  it('accepts archives in every state', () => {
    const names = ['', '.open', '.gz', '.zst', '.stale'].map((suffix) => `a.events${suffix}`);
    expect(names.every(isReadableName)).to.equal(true);
  });

  it('refuses hidden files, and files that Shoebox sets aside', () => {
    const names = [
      '.a',
      'a.part',
      'a.recovered',
      'a.suspect',
      'a.journal',
      'a.open.lock',
      'a.torn-64',
      'a.torn-6.gz',
    ];
    expect(names.some(isReadableName)).to.equal(false);
  });
});

describe('possiblePathsOf', () => {
  it('puts the sealed file first, which may still have its open name as well', () => {
    expect(possiblePathsOf('d/a.events')).to.deep.equal([
      'd/a.events',
      'd/a.events.gz',
      'd/a.events.zst',
      'd/a.events.open',
      'd/a.events.stale',
    ]);
  });
});
