import { expect } from 'chai';

import type { PartIndex } from '../../../lib/reading/verifying/archive-report.js';
import type { ChainPart } from '../../../lib/reading/verifying/chain-part.js';
import { chainProblems } from '../../../lib/reading/verifying/chain-problems.js';

const WRITER = '0123456789abcdef';
const UNKNOWN = '0'.repeat(64);

function sha256Of(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, 'f');
}

interface PartOptions extends Partial<Omit<ChainPart, 'index'>> {
  readonly index?: Partial<PartIndex> | undefined;
}

/**
 * A sealed part with ten records: archive `ordinal` of a chain whose archives are called a, b, c …
 */
function sealed(ordinal: number, { index, ...options }: PartOptions = {}): ChainPart {
  const [name, previous] = [ordinal, ordinal - 1].map((n) => String.fromCharCode(97 + n));
  return {
    ...{ archive: `${name}.events`, writer: WRITER, isIntact: true, begin: 0, end: 1000 },
    ...{ records: 10, sequence: 10 * ordinal, nextSequence: 10 * ordinal + 10 },
    ...options,
    index: {
      ...{ problem: undefined, ordinal, writerEnded: false, sha256: sha256Of(name ?? '') },
      previousSha256: ordinal === 0 ? UNKNOWN : sha256Of(previous ?? ''),
      ...index,
    },
  };
}

/** The last part of a chain. */
function ended(ordinal: number): ChainPart {
  return sealed(ordinal, { index: { writerEnded: true } });
}

/** A part whose index is lost. */
function unsealed(ordinal: number): ChainPart {
  return { ...sealed(ordinal), index: undefined };
}

/** A part whose writer knew neither its ordinal nor its previous archive, as after a recovery. */
function unnumbered(ordinal: number, index: Partial<PartIndex> = {}): ChainPart {
  return sealed(ordinal, { index: { ordinal: undefined, previousSha256: UNKNOWN, ...index } });
}

describe('chainProblems', () => {
  /** Each problem as its kind, its archive and its ordinal. */
  function problemsOf(parts: readonly ChainPart[]) {
    return chainProblems(parts).map(({ kind, archive, ordinal }) => [kind, archive, ordinal]);
  }

  it('finds no problem in a chain from the first archive to the end of its writer', () => {
    expect(problemsOf([sealed(0), sealed(1), ended(2)])).to.deep.equal([]);
    expect(problemsOf([])).to.deep.equal([]);
  });

  it('finds no problem whatever the order in which it gets the parts', () => {
    expect(problemsOf([ended(2), sealed(0), sealed(1)])).to.deep.equal([]);
    expect(problemsOf([ended(2), unnumbered(1), sealed(0)])).to.deep.equal([]);
  });

  it('checks the chain of each writer by itself', () => {
    const other = { ...sealed(1), writer: 'fedcba9876543210' };
    expect(chainProblems([sealed(0), other, ended(1)]).map(({ message }) => message)).to.deep.equal(
      ['archive 0 of writer fedcba9876543210 is missing'],
    );
  });

  it('names each missing archive by its ordinal', () => {
    expect(problemsOf([sealed(1), ended(4)])).to.deep.equal([
      ['missing', undefined, 0],
      ['missing', undefined, 2],
      ['missing', undefined, 3],
    ]);
  });

  it('names at most 1,000 missing archives, however many an index claims', () => {
    const far = sealed(2, { index: { ordinal: 2 ** 50, writerEnded: true } });
    expect(problemsOf([sealed(0), sealed(1), far])).to.have.length(1000);
  });

  it('accepts an archive twice, and reports a second content for one ordinal', () => {
    expect(problemsOf([sealed(0), sealed(0), ended(1)])).to.deep.equal([]);
    const second = sealed(0, { archive: 'z.events', index: { sha256: sha256Of('z') } });
    expect(problemsOf([sealed(0), second, ended(1)])).to.deep.equal([['altered', 'z.events', 0]]);
    expect(chainProblems([sealed(0), second, ended(1)])[0]?.message).to.equal(
      `z.events: is archive 0 of writer ${WRITER}, but so is a.events`,
    );
  });

  it('reports an archive that is not the one whose digest the next one holds', () => {
    const next = sealed(1, { index: { previousSha256: sha256Of('x'), writerEnded: true } });
    const [problem, ...others] = chainProblems([sealed(0), next]);
    expect(others).to.deep.equal([]);
    expect(problem).to.deep.equal({
      ...{ kind: 'altered', archive: 'a.events', writer: WRITER, ordinal: 0 },
      message: `a.events: its SHA-256 is ${sha256Of('a')}, b.events has ${sha256Of('x')}`,
    });
  });

  it('does not compare the digest of a damaged archive, which is reported otherwise', () => {
    const damaged = sealed(0, { isIntact: false, index: { sha256: sha256Of('x') } });
    expect(problemsOf([damaged, ended(1)])).to.deep.equal([]);
  });

  it('reports a first archive that names one before it', () => {
    const first = sealed(0, { index: { previousSha256: sha256Of('x'), writerEnded: true } });
    expect(problemsOf([first])).to.deep.equal([['altered', 'a.events', 0]]);
  });

  it('reports an archive in which the writer ended though another one follows', () => {
    expect(problemsOf([ended(0), ended(1)])).to.deep.equal([['altered', 'a.events', 0]]);
  });

  it('accepts a chain that does not end, unless its last archive is not sealed', () => {
    expect(problemsOf([sealed(0), sealed(1)])).to.deep.equal([]);
    expect(problemsOf([sealed(0), unsealed(1)])).to.deep.equal([
      ['unfinished', 'b.events', undefined],
    ]);
  });

  it('counts an archive without an index instead of a missing one', () => {
    expect(problemsOf([sealed(0), unsealed(1), ended(2)])).to.deep.equal([
      ['unfinished', 'b.events', undefined],
    ]);
    expect(problemsOf([sealed(0), unsealed(1), ended(3)])).to.deep.equal([
      ['unfinished', 'b.events', undefined],
      ['missing', undefined, 2],
    ]);
  });

  it('reports missing records between two archives that follow each other', () => {
    const short = sealed(0, { records: 7, nextSequence: 7 });
    const [problem, ...others] = chainProblems([short, ended(1)]);
    expect(others).to.deep.equal([]);
    expect(problem?.message).to.equal(
      `b.events: records 7 to 9 of writer ${WRITER} before it are missing`,
    );
  });

  it('does not report missing records beside a damaged archive, which may have held them', () => {
    const damaged = sealed(0, { nextSequence: 7, isIntact: false });
    expect(problemsOf([damaged, ended(1)])).to.deep.equal([]);
  });

  it('orders archives that do not know their ordinal by their sequences', () => {
    expect(problemsOf([sealed(0), unnumbered(1), ended(2)])).to.deep.equal([]);
    expect(problemsOf([unnumbered(0), unnumbered(1), ended(2)])).to.deep.equal([]);
  });

  it('names missing archives by their records where an ordinal is not known', () => {
    const [problem, ...others] = chainProblems([sealed(0), unnumbered(2, { writerEnded: true })]);
    expect(others).to.deep.equal([]);
    expect(problem).to.deep.equal({
      ...{ kind: 'missing', archive: undefined, writer: WRITER, ordinal: undefined },
      message: `archives with the records 10 to 19 of writer ${WRITER} are missing`,
    });
  });

  it('takes an archive without an ordinal and without new records for a repeat', () => {
    const repeat = unnumbered(0, { sha256: sha256Of('recovered again') });
    expect(problemsOf([sealed(0), repeat, ended(1)])).to.deep.equal([]);
  });

  it('accepts a jump of ordinals after an archive that the writer did not know', () => {
    const counted = sealed(1, {
      index: { ordinal: 2, previousSha256: UNKNOWN, writerEnded: true },
    });
    expect(problemsOf([sealed(0), counted])).to.deep.equal([]);
  });
});
