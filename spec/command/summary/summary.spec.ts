import { expect } from 'chai';

import { Timeline } from '../../../lib/command/summary/timeline.js';
import { ValueCounts } from '../../../lib/command/summary/value-counts.js';

describe('ValueCounts', () => {
  it('keeps no values of a key that has too many', () => {
    const counts = new ValueCounts();
    for (let i = 0; i < 10_001; i++) counts.add({ id: `${i}`, kind: i % 3 === 0 ? 'a' : 'b' });
    const top = counts.top(1);
    expect(top.get('id')).to.deep.equal([]);
    expect(top.get('kind')).to.deep.equal([{ value: 'b', count: 6667 }]);
  });

  it('counts keys such as __proto__, and at most 1,000 keys', () => {
    const counts = new ValueCounts();
    counts.add(JSON.parse('{ "__proto__": "x", "constructor": "y" }'));
    for (let i = 0; i < 2000; i++) counts.add({ [`key${i}`]: 'x' });
    const top = counts.top(1);
    expect(top.get('__proto__')).to.deep.equal([{ value: 'x', count: 1 }]);
    expect(top.size).to.equal(1000);
  });
});

describe('Timeline', () => {
  it('counts records per hour, also before 1970', () => {
    const timeline = new Timeline();
    for (const ms of [-1, 0, 3_599_999, 3_600_000]) timeline.add(ms);
    expect(timeline.intervals()).to.deep.equal([
      { begin: new Date(-3_600_000), records: 1 },
      { begin: new Date(0), records: 2 },
      { begin: new Date(3_600_000), records: 1 },
    ]);
  });

  it('takes longer intervals if there are too many', () => {
    const timeline = new Timeline();
    for (let hour = 0; hour < 30_000; hour++) timeline.add(hour * 3_600_000);
    expect(timeline.stepMs).to.equal(86_400_000);
    const intervals = timeline.intervals();
    expect(intervals).to.have.length(1250);
    expect(intervals.every(({ records }) => records === 24)).to.equal(true);
  });
});
