import { expect } from 'chai';
import fc from 'fast-check';

import { ArchiveOrder } from '../../../lib/series/listing/archive-order.js';
import { NOW_MICROS } from '../../support/encode-archive.js';
import { defaultName, NamedArchives, type NamedContent } from '../../support/named-archives.js';

const NOW_MS = NOW_MICROS / 1000;

interface Given {
  readonly names: string[];
  /** The names of archives that should have come before others. */
  readonly misplaced: string[];
  /** How many heads were read before the first archive was given. */
  readonly heads: number;
  readonly error?: unknown;
}

async function order(contents: readonly NamedContent[], headsAhead: number): Promise<Given> {
  const series = new NamedArchives(contents);
  const archives = new ArchiveOrder(series.found, { headsAhead, takeNew: async () => [] });
  const names: string[] = [];
  const misplaced: string[] = [];
  let heads = 0;
  try {
    for (let next = await archives.next(); next !== null; next = await archives.next()) {
      heads ||= series.opened.length;
      const name = next.archive.path.replace('/series/', '');
      names.push(name);
      if (next.misplaced !== undefined) misplaced.push(name);
    }
    return { names, misplaced, heads };
  } catch (error) {
    return { names, misplaced, heads, error };
  }
}

/** One archive a minute, of writers that take turns. */
function minutely(count: number, writers = ['a'], lagMs = 0): NamedContent[] {
  return Array.from({ length: count }, (_, i) => {
    const writer = writers[i % writers.length] ?? 'a';
    const ordinal = Math.floor(i / writers.length);
    const time = 60_000 * i + 10;
    const name = defaultName(writer, ordinal, NOW_MS + time + lagMs);
    return { name, writer, sequence: 10 * ordinal, time };
  });
}

describe('ArchiveOrder', () => {
  it('reads only a few heads before it gives the first archive', async () => {
    for (const writers of [['a'], ['b', 'a'], [...'0123456789abcdef']]) {
      const contents = minutely(200, writers);
      const given = await order(contents.toReversed(), 4);
      expect(given.names).to.deep.equal(contents.map(({ name }) => name));
      expect(given.misplaced).to.deep.equal([]);
      expect(given.heads).to.be.within(4, 6);
    }
  });

  it('goes by names with a writer and an ordinal, or with only a time', async () => {
    const byOrdinal = (i: number) => `${'a'.repeat(16)}-${String(i).padStart(6, '0')}.events`;
    const byTime = (i: number) => `x_20231114_2213${20 + i}.events`;
    for (const nameOf of [byOrdinal, byTime]) {
      const contents = Array.from({ length: 40 }, (_, i) => {
        return { name: nameOf(i), writer: 'a', sequence: i, time: 1000 * i };
      });
      const { heads, names } = await order(contents.toReversed(), 4);
      expect(names).to.deep.equal(contents.map(({ name }) => name));
      expect(heads).to.be.within(4, 6);
    }
  });

  it('reads the first head of each writer if names have no time', async () => {
    const contents = Array.from({ length: 200 }, (_, i) => {
      // Ids in another order than times, and with runs of digits.
      const writer = ((i * 7919) % 100_003).toString().padStart(5, '0');
      const name = `x_1${writer}0000abcdef-000000.events`;
      return { name, writer: 'a', sequence: 0, time: 1000 * i };
    }).map((content, i) => ({
      ...content,
      writer: String.fromCharCode(97 + (i % 6)),
      sequence: i,
    }));
    const { misplaced, names } = await order(contents.toReversed(), 4);
    expect(names).to.deep.equal(contents.map(({ name }) => name));
    expect(misplaced).to.deep.equal([]);
  });

  it('merges writers by record times, even if the times in names are late', async () => {
    const contents = minutely(100, ['a', 'b', 'c'], 0).map((content, i) => {
      const late = 60_000 * (i + (i % 3 === 0 ? 7 : 1));
      const writer = content.writer ?? 'a';
      return { ...content, name: defaultName(writer, Math.floor(i / 3), NOW_MS + late) };
    });
    const { heads, misplaced, names } = await order(contents.toReversed(), 12);
    expect(names).to.deep.equal(contents.map(({ name }) => name));
    expect(misplaced).to.deep.equal([]);
    expect(heads).to.be.below(60);
  });

  it('gives the right order if a head contradicts its name soon enough', async () => {
    const contents = minutely(40);
    const swapped = contents.map((content, i) => {
      const { sequence = 0 } = contents[i === 2 ? 3 : i === 3 ? 2 : i] ?? content;
      return { ...content, sequence };
    });
    const { misplaced, names } = await order(swapped, 4);
    const expected = contents.map(({ name }) => name);
    [expected[2], expected[3]] = [expected[3] ?? '', expected[2] ?? ''];
    expect({ misplaced, names }).to.deep.equal({ misplaced: [], names: expected });
  });

  it('says that an archive is misplaced if its head comes too late', async () => {
    const contents = minutely(40).map((content, i) => {
      return i === 30 ? { ...content, sequence: 5 } : content;
    });
    const bySequence = await order(contents, 4);
    expect(bySequence.misplaced).to.deep.equal([contents[30]?.name]);
    const other = { name: defaultName('b', 0, NOW_MS + 40 * 60_000), writer: 'b', time: 5 };
    const byTime = await order([...minutely(40), other], 4);
    expect(byTime.misplaced).to.deep.equal([other.name]);
    for (const all of [contents, [...minutely(40), other]]) {
      const exact = await order(all, Number.POSITIVE_INFINITY);
      expect(exact.misplaced).to.deep.equal([]);
      expect(exact.heads).to.equal(all.length);
    }
  });

  it('fails if an archive without sequences comes too late', async () => {
    const lines = { name: defaultName('a', 40, NOW_MS + 40 * 60_000) };
    const { error, names } = await order([...minutely(40), lines], 4);
    expect(error).to.have.property('code', 'ERR_ARCHIVE_ORDER');
    expect(names).to.have.length.above(30);
    const exact = await order([...minutely(40), lines], Number.POSITIVE_INFINITY);
    expect(exact.names[0]).to.equal(lines.name);
  });

  it('gives archives without sequences in the natural order of their names', async () => {
    const names = ['b', 'a'].flatMap((host) =>
      Array.from({ length: 30 }, (_, i) => `${host}_2026-11-30T10-${10 + i}-00.jsonl`),
    );
    const given = await order(
      names.map((name) => ({ name })),
      4,
    );
    expect(given.names).to.deep.equal(names.toSorted());
    expect(given.heads).to.be.below(names.length);
  });

  it('reads all heads of names that contradict each other, or give no order', async () => {
    const back = [3, 1, 2, 0].map((hour, i) => {
      const name = defaultName('a', i + 1, NOW_MS + 3_600_000 * hour);
      return { name, writer: 'a', sequence: i, time: 1000 * i };
    });
    const unclear = [7, 5, 6].map((sequence, i) => {
      return { name: `x_${i}.events`, writer: 'a', sequence, time: 10_000 * sequence };
    });
    const { heads, misplaced, names } = await order([...back, ...unclear], 1);
    const expected = [...back, unclear[1], unclear[2], unclear[0]].map((content) => content?.name);
    expect({ heads, misplaced, names }).to.deep.equal({ heads: 7, misplaced: [], names: expected });
  });

  it('gives the order of all heads, or says which archive is misplaced', async function () {
    this.timeout(0);
    await fc.assert(
      fc.asyncProperty(fc.array(contents, { maxLength: 12 }), fc.nat(3), async (some, ahead) => {
        const all = withoutNamesakes(some.flat());
        const exact = await order(all, Number.POSITIVE_INFINITY);
        const lazy = await order(all, ahead);
        if (lazy.error !== undefined) {
          expect(lazy.error).to.have.property('code', 'ERR_ARCHIVE_ORDER');
        } else if (lazy.misplaced.length === 0) {
          expect(lazy.names).to.deep.equal(exact.names);
        }
        const isSame = lazy.names.join() === exact.names.join();
        expect(isSame || lazy.misplaced.length > 0 || lazy.error !== undefined).to.equal(true);
      }),
      { numRuns: Number(process.env.ORDER_RUNS ?? 150) },
    );
  });
});

const writer = fc.constantFrom('a', 'b', 'c');

/** A few archives of one writer, mostly in the order of their names. */
const contents = fc
  .record({
    writer,
    start: fc.nat(20),
    lag: fc.nat(30),
    jumps: fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 1, maxLength: 4 }),
    form: fc.constantFrom('default', 'default', 'time', 'plain', 'lines'),
  })
  .map(({ form, jumps, lag, start, writer: digit }) => {
    let sequence = 10 * start;
    return jumps.map((jump, i): NamedContent => {
      sequence = Math.max(0, sequence + 5 * jump);
      // Never that of another writer: ties go by id, which no name can tell.
      const time = 1000 * (sequence + jump) + digit.charCodeAt(0);
      const named = NOW_MS + time + 1000 * lag;
      const name = defaultName(digit, sequence, named);
      if (form === 'lines') return { name: i === 0 ? name : `${digit}-${start}-${i}.jsonl` };
      const plain = `${digit}-${start}-${i}.events`;
      const names = { default: name, time: name.replace(/_[0-9a-f]{16}.*/, '.events'), plain };
      return { name: names[form as keyof typeof names], writer: digit, sequence, time };
    });
  });

/** Without copies, too, among which only paths decide. */
function withoutNamesakes(all: readonly NamedContent[]): NamedContent[] {
  const named = [...new Map(all.map((content) => [content.name, content])).values()];
  const keyOf = ({ name, sequence, writer: digit }: NamedContent) =>
    digit === undefined ? name : `${digit} ${sequence}`;
  return [...new Map(named.map((content) => [keyOf(content), content])).values()];
}
