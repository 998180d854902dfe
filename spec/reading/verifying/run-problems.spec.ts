import { expect } from 'chai';

import type { PartIndex } from '../../../lib/reading/verifying/archive-report.js';
import type { ChainPart } from '../../../lib/reading/verifying/chain-part.js';
import { chainProblems } from '../../../lib/reading/verifying/chain-problems.js';
import { unendedWriters } from '../../../lib/reading/verifying/unended-writers.js';

const UNKNOWN = '0'.repeat(64);

function sha256Of(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, 'f');
}

/** Archive `ordinal` of a run: `a0` is the first archive of run `a`. */
function archive(
  name: string,
  [sequence, nextSequence]: readonly [number, number],
  index: Partial<PartIndex> = {},
): ChainPart {
  const [run = '', ordinal] = [name[0], Number(name[1])];
  return {
    ...{ archive: `${name}.events`, writer: 'w', isIntact: true, begin: 0, end: 1000 },
    ...{ records: nextSequence - sequence, sequence, nextSequence, hasGivenSequences: true },
    followsGap: ordinal === 0,
    index: {
      ...{ problem: undefined, ordinal, writerEnded: false, sha256: sha256Of(name) },
      previousSha256: ordinal === 0 ? UNKNOWN : sha256Of(`${run}${ordinal - 1}`),
      ...index,
    },
  };
}

const END = { writerEnded: true };

describe('runProblems', () => {
  function problemsOf(...parts: readonly ChainPart[]) {
    return chainProblems(parts).map(({ kind, archive, ordinal }) => [kind, archive, ordinal]);
  }

  it('joins runs by their sequences, whether they overlap or leave a gap', () => {
    const first = [archive('a0', [0, 100]), archive('a1', [100, 200], END)];
    expect(
      problemsOf(...first, archive('b0', [150, 300]), archive('b1', [300, 310])),
    ).to.deep.equal([]);
    expect(problemsOf(...first, archive('b0', [500, 600]))).to.deep.equal([]);
    expect(problemsOf(...first, ...first)).to.deep.equal([]);
  });

  it('reports an archive that is missing within a run, unless another run holds its records', () => {
    const parts = [archive('a0', [0, 100]), archive('a2', [200, 300])];
    expect(problemsOf(...parts)).to.deep.equal([['missing', undefined, 1]]);
    expect(problemsOf(...parts, archive('b0', [90, 150]))).to.deep.equal([
      ['missing', undefined, 1],
    ]);
    expect(problemsOf(...parts, archive('b0', [90, 210]))).to.deep.equal([]);
  });

  it('reports an altered archive, and one that follows the end of its run', () => {
    const altered = archive('a0', [0, 100], { sha256: sha256Of('other') });
    expect(problemsOf(altered, archive('a1', [100, 200]))).to.deep.equal([
      ['altered', 'a0.events', 0],
    ]);
    expect(problemsOf(archive('a0', [0, 100], END), archive('a1', [100, 200]))).to.deep.equal([
      ['altered', 'a0.events', 0],
    ]);
  });

  it('takes no archive of another run for an altered one, if records lie between', () => {
    // Run a has lost a1, and run b has lost b0.
    const parts = [archive('a0', [0, 100]), archive('b1', [150, 200])];
    expect(problemsOf(...parts)).to.deep.equal([['missing', undefined, 0]]);
    expect(problemsOf(...parts, archive('c0', [100, 160]))).to.deep.equal([]);
    const afterGap = { ...archive('b1', [150, 200]), followsGap: true };
    expect(problemsOf(archive('a0', [0, 100]), afterGap)).to.deep.equal([
      ['altered', 'a0.events', 0],
    ]);
  });

  it('misses no archive of a run that has lost all it began with, if others hold its records', () => {
    const later = [archive('b1', [100, 200]), archive('b2', [200, 300])];
    expect(
      problemsOf(archive('a3', [0, 150], { previousSha256: UNKNOWN }), ...later),
    ).to.deep.equal([]);
    expect(problemsOf(...later)).to.deep.equal([['missing', undefined, 0]]);
  });

  it('takes no archive for an altered one that holds what another run has lost', () => {
    // Run a has lost a1, and run b has archived its records again.
    const parts = [archive('a0', [0, 100]), archive('a2', [200, 300])];
    const again = [archive('b0', [100, 150]), archive('b1', [150, 200])];
    expect(problemsOf(...parts, ...again)).to.deep.equal([]);
  });

  it('reports a record that is missing before an archive, if that does not follow a gap', () => {
    const unnumbered = { ordinal: undefined, previousSha256: UNKNOWN };
    const later = archive('a1', [120, 200], unnumbered);
    expect(problemsOf(archive('a0', [0, 100]), later)).to.deep.equal([
      ['missing', 'a1.events', undefined],
    ]);
    expect(problemsOf(archive('a0', [0, 100]), { ...later, followsGap: true })).to.deep.equal([]);
    expect(problemsOf(archive('a0', [0, 120]), later)).to.deep.equal([]);
  });

  it('reports an archive without an index as unfinished', () => {
    const open = { ...archive('a1', [100, 150]), index: undefined };
    expect(problemsOf(archive('a0', [0, 100]), open)).to.deep.equal([
      ['unfinished', 'a1.events', undefined],
    ]);
  });

  it('takes a writer for ended if every run ended, or another archive continues it', () => {
    const killed = archive('a0', [0, 100]);
    expect(unendedWriters([killed])).to.deep.equal(['w']);
    expect(unendedWriters([killed, archive('b0', [100, 200], END)])).to.deep.equal([]);
    expect(unendedWriters([killed, archive('b0', [120, 200], END)])).to.deep.equal(['w']);
    expect(unendedWriters([killed, archive('a1', [100, 150], END)])).to.deep.equal([]);
  });
});
