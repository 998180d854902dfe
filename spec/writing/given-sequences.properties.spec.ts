import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';
import fc from 'fast-check';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import { ArchiveTemplate } from '../../lib/series/names/archive-template.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { recoverArchive } from '../../lib/writing/recovery/recover-archive.js';
import { compressAll } from '../support/gzip-tools.js';
import { TemporaryDirectories } from '../support/series.js';

/** How many series are tried. */
const SERIES = Number(process.env.GIVEN_SERIES ?? 15);

describe("sequences: 'given', of any runs", () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  async function run(directory: string, sequences: readonly number[], blockBytes = 120) {
    const options = { directory, writerId: 'source', sequences: 'given', blockBytes } as const;
    const writer = createArchiveWriter({ ...options, index: ['kind'], roll: [] });
    for (const sequence of sequences) {
      const metadata = { kind: `${sequence % 7}` };
      writer.write({ payload: `r${sequence}`, metadata, sequence, timeMicros: sequence });
    }
    await writer.close();
  }

  /** Ascending numbers, some missing. */
  const numbers = fc
    .tuple(fc.nat(200), fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 60 }))
    .map(([first, steps]) => {
      const all = [first];
      for (const step of steps) all.push((all.at(-1) ?? 0) + step);
      return all;
    });

  it('reads every record once, whichever host archived it, and reports no gap', async () => {
    const runs = fc.array(fc.tuple(fc.nat(1), numbers), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(runs, async (given) => {
        const hosts = [await directories.make(), await directories.make()];
        for (const [host, sequences] of given) await run(hosts[host] ?? '', sequences);
        const patterns = hosts.map((host) => `${host}/*.events`);
        const gaps: unknown[] = [];
        const reader = createArchiveReader(patterns, { order: 'time', allowEmpty: true });
        reader.on('gap', (gap) => gaps.push(gap)).on('late', () => undefined);
        const read = (await reader.toArray()).map(({ sequence = -1 }) => sequence);
        const expected = [...new Set(given.flatMap(([, sequences]) => sequences))];
        expect(read.toSorted((a, b) => a - b)).to.deep.equal(expected.sort((a, b) => a - b));
        expect(gaps).to.deep.equal([]);
        const used = [...new Set(given.map(([host]) => patterns[host] ?? ''))];
        expect((await verifyArchives(used)).problems).to.deep.equal([]);
      }),
      { numRuns: SERIES },
    );
  });

  it('continues after any cursor, and finds metadata, in plain and compressed archives', async () => {
    await fc.assert(
      fc.asyncProperty(numbers, fc.nat(60), async (sequences, at) => {
        const directory = await directories.make();
        await run(directory, sequences);
        const [name = ''] = await readdir(directory);
        const path = join(directory, name);
        const compressed = join(directory, 'x.events.gz');
        await writeFile(compressed, await compressAll(await readFile(path), { memberBytes: 1024 }));
        const limit = Math.min(at, sequences.length);
        for (const file of [path, compressed]) {
          const before = createArchiveReader(file, { limit });
          expect(await before.toArray()).to.have.length(limit);
          const rest = await createArchiveReader(file, { after: before.cursor }).toArray();
          expect(rest.map(({ sequence }) => sequence)).to.deep.equal(sequences.slice(limit));
          const found = createArchiveReader(file, { where: { kind: '3' } });
          const gaps: unknown[] = [];
          found.on('gap', (gap) => gaps.push(gap));
          expect((await found.toArray()).map(({ sequence }) => sequence)).to.deep.equal(
            sequences.filter((sequence) => sequence % 7 === 3),
          );
          expect(gaps).to.deep.equal([]);
        }
        // After the plain file, its copy gives nothing more.
        expect(await createArchiveReader([path, compressed]).toArray()).to.have.length(
          sequences.length,
        );
        await rm(path);
      }),
      { numRuns: SERIES },
    );
  });

  it('recovers an archive that a crash left open with all its marks', async () => {
    const directory = await directories.make();
    await run(directory, [3, 4, 9, 10, 30]);
    const [name = ''] = await readdir(directory);
    const path = join(directory, name);
    const bytes = await readFile(path);
    await rm(path);
    await writeFile(`${path}.open`, bytes.subarray(0, bytes.length - 10));
    await recoverArchive(path, new ArchiveTemplate(name, { utc: true }), nodeFileLayer);
    const gaps: unknown[] = [];
    const reader = createArchiveReader(path).on('gap', (gap) => gaps.push(gap));
    expect((await reader.toArray()).map(({ sequence }) => sequence)).to.deep.equal([
      ...[3, 4, 9, 10, 30],
    ]);
    expect(gaps).to.deep.equal([]);
    expect((await verifyArchives(path)).problems).to.deep.equal([]);
  });
});
