import { Writable } from 'node:stream';

import { expect } from 'chai';

import { RoomWait } from '../../lib/writing/room-wait.js';

describe('RoomWait', () => {
  const ends: [what: string, end: (stream: Writable, wait: RoomWait) => unknown][] = [
    ['drain', (stream) => stream.emit('drain')],
    ['close', (stream) => stream.destroy()],
    ['wake', (_, wait) => wait.wake()],
  ];
  for (const [what, end] of ends) {
    it(`ends with ${what}, for all who wait, and leaves no listeners`, async () => {
      const stream = new Writable();
      const wait = new RoomWait(stream);
      const waiting = [wait.next(), wait.next()];
      const before = stream.listenerCount('drain');
      end(stream, wait);
      await Promise.all(waiting);
      expect(before).to.equal(2);
      expect([stream.listenerCount('drain'), stream.listenerCount('close')]).to.deep.equal([0, 0]);
    });
  }

  it('lasts for those who wait anew', async () => {
    const stream = new Writable();
    const wait = new RoomWait(stream);
    wait.wake();
    const waiting = wait.next();
    let isOver = false;
    void waiting.then(() => {
      isOver = true;
    });
    await Promise.resolve();
    expect(isOver).to.equal(false);
    stream.destroy();
    await waiting;
  });
});
