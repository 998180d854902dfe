import { expect } from 'chai';

import { KnownWriters } from '../../../lib/codec/frames/known-writers.js';
import { readFrameHeader } from '../../../lib/codec/version-2/frame-header.js';
import { forgeFrame } from '../../support/forge-frame.js';

const [A, B] = ['aa'.repeat(8), 'bb'.repeat(8)];

function headerOf(writer: string, sequence: number, records = 1) {
  const header = { writer, sequence: BigInt(sequence), records };
  return readFrameHeader(forgeFrame(Buffer.alloc(0), header));
}

describe('KnownWriters', () => {
  it('admits any writer before the first one', () => {
    expect(new KnownWriters().admits(headerOf(A, 0))).to.equal(true);
  });

  it('admits only records of a known writer that follow those already read', () => {
    const writers = new KnownWriters();
    writers.add(headerOf(A, 10, 5), 'in turn');
    writers.add(headerOf(A, 3, 5), 'in turn');
    expect([9, 14, 15, 99].map((sequence) => writers.admits(headerOf(A, sequence)))).to.deep.equal([
      ...[false, false],
      ...[true, true],
    ]);
    expect(writers.admits(headerOf(B, 99))).to.equal(false);
    writers.add(headerOf(B, 0), 'by search');
    expect(writers.admits(headerOf(B, 99))).to.equal(true);
  });

  it('admits given writers, from their first record on', () => {
    const starts = [{ writer: A, sequence: 5 }];
    const writers = new KnownWriters({ starts, areAll: true });
    expect(new KnownWriters({ starts, areAll: false }).admits(headerOf(B, 0))).to.equal(true);
    expect(writers.admits(headerOf(A, 4))).to.equal(false);
    expect(writers.admits(headerOf(A, 5))).to.equal(true);
    expect(writers.admits(headerOf(B, 0))).to.equal(false);
  });

  it('admits other writers if a search found the first', () => {
    const writers = new KnownWriters();
    writers.add(headerOf(A, 10, 5), 'by search');
    expect(writers.admits(headerOf(B, 0))).to.equal(true);
    expect(writers.admits(headerOf(A, 14))).to.equal(false);
  });

  it('never admits an invalid sequence', () => {
    const header = readFrameHeader(forgeFrame(Buffer.alloc(0), { sequence: 2n ** 60n }));
    expect(new KnownWriters().admits(header)).to.equal(false);
  });

  it('keeps a bounded number of writers, those seen last', () => {
    const writers = new KnownWriters();
    for (let i = 0; i < 3000; i++) {
      writers.add(headerOf(i.toString(16).padStart(16, '0'), 0), 'in turn');
      writers.add(headerOf(A, i), 'in turn');
    }
    expect(writers.admits(headerOf(A, 3000))).to.equal(true);
    expect(writers.admits(headerOf('0'.repeat(16), 7))).to.equal(false);
    expect(writers.admits(headerOf((2999).toString(16).padStart(16, '0'), 7))).to.equal(true);
  });
});
