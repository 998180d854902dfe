import { expect } from 'chai';

import { KnownWriters } from '../../../lib/codec/frames/known-writers.js';
import { readFrameHeader } from '../../../lib/codec/version-2/frame-header.js';
import { forgeFrame } from '../../support/forge-frame.js';

const [A, B] = ['aa'.repeat(8), 'bb'.repeat(8)];

function headerOf(writer: string, sequence: number, records = 1) {
  const header = { writer, sequence: BigInt(sequence), records };
  return readFrameHeader(forgeFrame(Buffer.alloc(0), header));
}

function indexHeaderOf(writer: string, sequence: number) {
  const header = { kind: 2, writer, sequence: BigInt(sequence), records: 0 };
  return readFrameHeader(forgeFrame(Buffer.alloc(0), header));
}

describe('KnownWriters', () => {
  it('admits any writer before the first one', () => {
    expect(new KnownWriters().admits(headerOf(A, 0), 0)).to.equal(true);
  });

  it('admits only records of a known writer that follow those already read', () => {
    const writers = new KnownWriters();
    writers.add(headerOf(A, 2 ** 40), 0, 'in turn');
    writers.add(headerOf(A, 10, 5), 0, 'in turn');
    expect(
      [9, 14, 15, 99].map((sequence) => writers.admits(headerOf(A, sequence), 0)),
    ).to.deep.equal([...[false, false], ...[true, true]]);
    expect(writers.admits(headerOf(B, 99), 0)).to.equal(false);
    writers.add(headerOf(B, 0), 0, 'by search');
    expect(writers.admits(headerOf(B, 99), 0)).to.equal(true);
  });

  it('admits given writers, from their first record on', () => {
    const starts = [{ writer: A, sequence: 5, begin: 0 }];
    const writers = new KnownWriters({ starts, areAll: true });
    expect(new KnownWriters({ starts, areAll: false }).admits(headerOf(B, 0), 0)).to.equal(true);
    expect(writers.admits(headerOf(A, 4), 0)).to.equal(false);
    expect(writers.admits(headerOf(A, 5), 0)).to.equal(true);
    expect(writers.admits(headerOf(B, 0), 0)).to.equal(false);
  });

  it('admits lower sequences after an index, which ends an archive', () => {
    const writers = new KnownWriters();
    writers.add(headerOf(A, 10, 5), 0, 'in turn');
    writers.add(indexHeaderOf(A, 15), 100, 'in turn');
    expect(writers.admits(headerOf(A, 0), 200)).to.equal(true);
    expect(writers.admits(headerOf(B, 0), 200)).to.equal(false);
  });

  it('applies the first sequence of each archive in a file from its beginning on', () => {
    const starts = [
      { writer: A, sequence: 6, begin: 100 },
      { writer: A, sequence: 2, begin: 200 },
    ];
    const writers = new KnownWriters({ starts, areAll: false });
    writers.add(headerOf(A, 0), 0, 'in turn');
    const admitted: [number, number][] = [];
    for (const offset of [50, 150, 250]) {
      for (const sequence of [0, 1, 2, 5, 6]) {
        if (writers.admits(headerOf(A, sequence), offset)) admitted.push([offset, sequence]);
      }
    }
    expect(admitted).to.deep.equal([
      ...[1, 2, 5, 6].map((sequence) => [50, sequence]),
      [150, 6],
      ...[2, 5, 6].map((sequence) => [250, sequence]),
    ]);
  });

  it('takes headers before an archive of the file for no bound in it', () => {
    const starts = [{ writer: A, sequence: 2, begin: 200 }];
    const writers = new KnownWriters({ starts, areAll: false });
    writers.add(headerOf(A, 50), 0, 'in turn');
    const admitted = [1, 2, 50].filter((sequence) => writers.admits(headerOf(A, sequence), 250));
    expect(admitted).to.deep.equal([2, 50]);
    writers.add(headerOf(A, 9), 260, 'in turn');
    expect(writers.admits(headerOf(A, 9), 300)).to.equal(false);
  });

  it('admits other writers if a search found the first', () => {
    const writers = new KnownWriters();
    writers.add(headerOf(A, 10, 5), 0, 'by search');
    expect(writers.admits(headerOf(B, 0), 0)).to.equal(true);
    expect(writers.admits(headerOf(A, 14), 0)).to.equal(false);
  });

  it('never admits an invalid sequence', () => {
    const header = readFrameHeader(forgeFrame(Buffer.alloc(0), { sequence: 2n ** 60n }));
    expect(new KnownWriters().admits(header, 0)).to.equal(false);
  });

  it('keeps a bounded number of writers, those seen last', () => {
    const writers = new KnownWriters();
    for (let i = 0; i < 3000; i++) {
      writers.add(headerOf(i.toString(16).padStart(16, '0'), 0), 0, 'in turn');
      writers.add(headerOf(A, i), 0, 'in turn');
    }
    expect(writers.admits(headerOf(A, 3000), 0)).to.equal(true);
    expect(writers.admits(headerOf('0'.repeat(16), 7), 0)).to.equal(false);
    expect(writers.admits(headerOf((2999).toString(16).padStart(16, '0'), 7), 0)).to.equal(true);
  });
});
