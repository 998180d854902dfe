import { expect } from 'chai';
import fc from 'fast-check';

import { EventTimes } from '../../../lib/codec/json-lines/event-times.js';

describe('EventTimes', () => {
  it('reads a time in bytes as it reads the text, whatever times came before', () => {
    const digits = fc.stringMatching(/^\d{0,9}$/);
    const clock = fc.constantFrom('05:41:38', '23:59:59', '24:00:00', '05:61:00', '05-41-38', '0');
    const time = fc
      .tuple(
        fc.constantFrom('2026-11-30', '2026-11-31', '2027-02-28', '1684-01-01'),
        fc.constantFrom('T', ' ', 't'),
        clock,
        fc.constantFrom('', '.', ','),
        digits,
        fc.constantFrom('Z', '', 'z', '+01:00'),
      )
      .map((parts) => parts.join(''));
    const text = fc.oneof(time, digits, fc.constantFrom('', '2026-11-30', '-1e3', 'é'));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (texts) => {
        const times = new EventTimes();
        for (const each of texts) {
          const bytes = Buffer.from(`"${each}"`);
          const expected = new EventTimes().microsOf(each);
          expect(times.microsIn(bytes, 1, bytes.length - 1), each).to.deep.equal(expected);
        }
      }),
    );
  });
});
