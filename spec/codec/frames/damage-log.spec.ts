import { expect } from 'chai';

import { DamageLog } from '../../../lib/codec/frames/damage-log.js';
import type { SkippedDamage } from '../../../lib/codec/frames/skipped-damage.js';
import { readFrameHeader } from '../../../lib/codec/version-2/frame-header.js';
import { type ForgedHeader, forgeFrame } from '../../support/forge-frame.js';

function headerOf(sequence: bigint, records: number, more: ForgedHeader = {}) {
  return readFrameHeader(forgeFrame(Buffer.alloc(0), { sequence, records, ...more }));
}

function createLog() {
  const told: SkippedDamage[] = [];
  const log = new DamageLog('a.events', (damage) => told.push(damage));
  return { log, told };
}

describe('DamageLog', () => {
  it('reports nothing without damage', () => {
    const { log, told } = createLog();
    log.noteHeader(headerOf(0n, 1));
    log.report();
    expect(told).to.deep.equal([]);
  });

  it('reports adjoining damage as one, with the first reason', () => {
    const { log, told } = createLog();
    log.add(10, 20, 'bad-checksum', 2);
    log.add(20, 30, 'bad-body', 3);
    log.report();
    log.report();
    const whole = { archive: 'a.events', begin: 10, end: 30, reason: 'bad-checksum' };
    expect(told).to.deep.equal([{ ...whole, recordsLost: 5 }]);
  });

  it('reports damage that does not adjoin separately', () => {
    const { log, told } = createLog();
    log.add(10, 20, 'bad-text');
    log.add(21, 30, 'bad-text');
    expect(told).to.have.length(1);
    log.report();
    expect(told.map(({ begin }) => begin)).to.deep.equal([10, 21]);
  });

  it('counts by the sequences before and after damage without a header', () => {
    const { log, told } = createLog();
    log.noteHeader(headerOf(0n, 4));
    log.add(0, 9, 'bad-magic');
    log.noteHeader(headerOf(9n, 2));
    log.add(9, 12, 'bad-checksum', 2);
    log.add(12, 20, 'bad-magic');
    log.noteHeader(headerOf(14n, 0, { kind: 2 }));
    log.report();
    expect(told[0]).to.have.property('recordsLost', 5 + 2 + 3);
  });

  it('counts by sequences rather than by a header without one', () => {
    const { log, told } = createLog();
    log.noteHeader(headerOf(0n, 2));
    log.addUnplaced(78, 156, 'bad-header', 2);
    log.add(156, 234, 'bad-checksum');
    log.noteHeader(headerOf(6n, 2));
    log.report();
    log.addUnplaced(400, 500, 'bad-header', 3);
    log.report();
    expect(told.map(({ recordsLost }) => recordsLost)).to.deep.equal([4, 3]);
  });

  const uncertain: ReadonlyArray<readonly [what: string, tell: (log: DamageLog) => void]> = [
    ['before the first header', (log) => log.add(0, 9, 'bad-magic')],
    [
      'between two writers',
      (log) => {
        log.noteHeader(headerOf(0n, 4, { writer: '00'.repeat(8) }));
        log.add(0, 9, 'bad-magic');
      },
    ],
    [
      'where the sequence goes back',
      (log) => {
        log.noteHeader(headerOf(70n, 1));
        log.add(0, 9, 'bad-magic');
      },
    ],
    [
      'after a frame of version 1',
      (log) => {
        log.noteHeader(headerOf(0n, 4));
        log.forgetSequence();
        log.add(0, 9, 'bad-magic');
      },
    ],
    [
      'where a part of it cannot be counted',
      (log) => {
        log.add(0, 5, 'bad-magic');
        log.noteHeader(headerOf(2n, 4));
        log.add(5, 9, 'bad-body', 4);
      },
    ],
  ];
  for (const [what, add] of uncertain) {
    it(`does not count ${what}`, () => {
      const { log, told } = createLog();
      add(log);
      log.noteHeader(headerOf(6n, 1));
      log.report();
      expect(told).to.have.length(1);
      expect(told[0]).to.have.property('recordsLost', undefined);
    });
  }

  it('does not count at the end, nor by the sequence of a skippable kind', () => {
    const { log, told } = createLog();
    log.noteHeader(headerOf(0n, 4));
    log.add(0, 9, 'bad-magic');
    log.noteHeader(headerOf(9n, 2, { kind: 128 }));
    log.noteHeader(headerOf(2n ** 53n, 2));
    log.report();
    expect(told[0]).to.have.property('recordsLost', undefined);
  });
});
