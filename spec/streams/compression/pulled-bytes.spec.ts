import { expect } from 'chai';

import { PulledBytes } from '../../../lib/streams/compression/pulled-bytes.js';
import { rejection } from '../../support/store-tools.js';
import { iterate } from '../stream-tools.js';

const texts = (...chunks: string[]) => chunks.map((text) => Buffer.from(text));

describe('PulledBytes', () => {
  it('takes chunks until it has the requested number of bytes', async () => {
    const bytes = new PulledBytes(iterate(texts('ab', '', 'cde', 'f')));
    expect(await bytes.has(0)).to.equal(true);
    expect(bytes.queue.length).to.equal(0);
    expect(await bytes.has(3)).to.equal(true);
    expect(bytes.queue.take(3).toString()).to.equal('abc');
    expect(await bytes.has(4)).to.equal(false);
    expect(bytes.takeAll().toString()).to.equal('def');
    expect(await bytes.has(1)).to.equal(false);
    expect(await bytes.pull()).to.equal(false);
  });

  it('gives bytes a second time that were pushed back', async () => {
    const bytes = new PulledBytes(iterate(texts('abc', 'def')));
    await bytes.pull();
    bytes.queue.push(bytes.takeAll().subarray(1));
    await bytes.pull();
    expect(bytes.takeAll().toString()).to.equal('bcdef');
  });

  it('throws the error of its iterable', async () => {
    const failure = new Error('of the source');
    const bytes = new PulledBytes(iterate(texts('ab'), failure));
    expect(await bytes.has(2)).to.equal(true);
    expect(await rejection(bytes.has(3))).to.equal(failure);
  });

  it('closes an iterable that can be closed', async () => {
    const chunks = iterate(texts('ab', 'cd'));
    const bytes = new PulledBytes(chunks);
    await bytes.pull();
    await bytes.close();
    expect(await chunks.next()).to.deep.equal({ done: true, value: undefined });
    const next = () => Promise.resolve({ done: true as const, value: undefined });
    await new PulledBytes({ [Symbol.asyncIterator]: () => ({ next }) }).close();
  });
});
