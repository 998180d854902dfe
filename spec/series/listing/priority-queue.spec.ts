import { expect } from 'chai';
import fc from 'fast-check';

import { PriorityQueue } from '../../../lib/series/listing/priority-queue.js';

describe('PriorityQueue', () => {
  it('gives the least item first, whenever it was added', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20))), (steps) => {
        const queue = new PriorityQueue<number>((a, b) => a - b);
        const model: number[] = [];
        for (const step of steps) {
          if (step === null) {
            expect(queue.pop()).to.equal(model.shift());
          } else {
            queue.push(step);
            model.push(step);
            model.sort((a, b) => a - b);
          }
          expect({ size: queue.size, least: queue.peek() }).to.deep.equal({
            size: model.length,
            least: model[0],
          });
        }
      }),
    );
  });
});
