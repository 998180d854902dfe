import { expect } from 'chai';
import fc from 'fast-check';

import { cutParts } from '../../../lib/stores/s3/cut-parts.js';
import { PartMemory } from '../../../lib/stores/s3/part-memory.js';
import { iterate } from '../../streams/stream-tools.js';

describe('cutParts', () => {
  it('cuts a body, in chunks of any size, into parts of one size and a last one', async () => {
    const anyChunk = fc.uint8Array({ maxLength: 20 });
    const property = fc.asyncProperty(
      fc.array(anyChunk, { maxLength: 10 }),
      fc.integer({ min: 1, max: 30 }),
      async (chunks, partBytes) => {
        const memory = new PartMemory(partBytes);
        const parts: Buffer[] = [];
        for await (const { bytes, isLast, memory: used, number } of cutParts(
          iterate(chunks),
          partBytes,
          memory,
        )) {
          parts.push(Buffer.from(bytes));
          expect(number).to.equal(parts.length);
          if (!isLast) expect(bytes).to.have.length(partBytes);
          memory.keep(used);
        }
        const body = Buffer.concat(chunks);
        expect(Buffer.concat(parts).equals(body)).to.equal(true);
        expect(parts).to.have.length(Math.max(1, Math.ceil(body.length / partBytes)));
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  it('uses memory again that was given back, and grows it up to one part', async () => {
    const memory = new PartMemory(20 * 2 ** 20);
    const chunk = Buffer.alloc(9 * 2 ** 20, 'x');
    const used: Buffer[] = [];
    for await (const part of cutParts(iterate([chunk, chunk, chunk]), 20 * 2 ** 20, memory)) {
      used.push(part.memory);
      memory.keep(part.memory);
    }
    expect(used[0]).to.have.length(20 * 2 ** 20);
    expect(used[1]).to.equal(used[0]);
  });
});
