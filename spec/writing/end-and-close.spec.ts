import { Writable } from 'node:stream';

import { expect } from 'chai';

import { endAndClose } from '../../lib/writing/end-and-close.js';
import { rejection } from '../support/store-tools.js';

describe('endAndClose', () => {
  it('settles when everything is written and the stream is closed', async () => {
    const written: unknown[] = [];
    const stream = new Writable({
      objectMode: true,
      write(chunk, _encoding, callback) {
        written.push(chunk);
        setImmediate(callback);
      },
    });
    for (const chunk of [1, 2, 3]) stream.write(chunk);
    await Promise.all([endAndClose(stream), endAndClose(stream)]);
    expect(written).to.deep.equal([1, 2, 3]);
    expect(stream.closed).to.equal(true);
    await endAndClose(stream);
  });

  it('throws what ended the stream, before or meanwhile, and adds a single listener', async () => {
    const failure = new Error('full');
    const stream = new Writable({ write: (_chunk, _encoding, callback) => callback(failure) });
    stream.write('x');
    expect(await rejection(endAndClose(stream))).to.equal(failure);
    expect(await rejection(endAndClose(stream))).to.equal(failure);
    expect(stream.listenerCount('error')).to.equal(1);
  });

  it('throws if the stream was destroyed before everything was written', async () => {
    const stream = new Writable({ write: () => {} });
    stream.write('x');
    stream.destroy();
    expect(await rejection(endAndClose(stream))).to.have.property('code', 'ERR_DESTROYED');
  });
});
