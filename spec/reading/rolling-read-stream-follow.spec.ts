import { appendFile, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import {
  createArchiveReader,
  createArchiveWriter,
  type FileLayer,
  nodeFileLayer,
  type RollingReadOptions,
  rollByCount,
  type SeriesPatterns,
} from '../../lib/index.js';
import { CountingFiles } from '../support/counting-files.js';
import { encodeJsonLines, encodeVersion1 } from '../support/encode-archive.js';
import { FakeClock } from '../support/fake-clock.js';
import { Follower } from '../support/follower.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';
import { until } from '../support/until.js';

describe('RollingReadStream, that follows a series', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let clock: FakeClock;
  let ends: (() => Promise<void>)[];

  beforeEach(async () => {
    directory = await directories.make();
    clock = new FakeClock();
    ends = [];
  });

  afterEach(async () => {
    for (const end of ends) await end();
    await directories.remove();
  });

  const path = (name: string) => join(directory, name);

  function follow(
    patterns: SeriesPatterns = path('*'),
    options: RollingReadOptions = {},
  ): Follower {
    const follower = new Follower(patterns, options, clock);
    ends.push(() => follower.stop());
    return follower;
  }

  /** A file layer that cannot watch. */
  function unwatched(): FileLayer {
    const { watch: _, ...files } = nodeFileLayer;
    return files;
  }

  it('emits what exists, then each block as it is written, across rolls, by events alone', async () => {
    const writer = createArchiveWriter({ directory, roll: rollByCount(4) });
    const follower = follow();
    for (let i = 0; i < 20; i++) {
      await writer.append({ payload: `${i}` }).written;
      await follower.has(i + 1);
    }
    await writer.close();
    expect(follower.texts).to.deep.equal(Array.from({ length: 20 }, (_, i) => `${i}`));
  });

  it('waits for a directory, and for archives in new directories below it', async () => {
    const follower = follow(path('deep/**/*.events'));
    await mkdir(path('deep'));
    await until(() => clock.pendingTimers > 0);
    clock.advance(1000);
    await until(() => clock.pendingTimers > 0);
    await mkdir(path('deep/dt=1'));
    await writeFile(path('deep/dt=1/a.events'), encodeUnsealed(['0']));
    await follower.has(1);
    await mkdir(path('deep/dt=2/hour=1'), { recursive: true });
    await writeFile(path('deep/dt=2/hour=1/b.events'), encodeUnsealed(['1'], { sequence: 1 }));
    await follower.has(2);
  });

  it('asks for sizes every 50 ms where directories cannot be watched', async () => {
    await writeFile(path('a.events.open'), encodeUnsealed(['0']));
    const follower = follow(path('*'), { files: unwatched() });
    await follower.has(1);
    for (let i = 1; i < 4; i++) {
      await appendFile(path('a.events.open'), encodeUnsealed([`${i}`], { sequence: i }));
      await until(() => clock.pendingTimers > 0);
      clock.advance(50);
      await follower.has(i + 1);
    }
    await writeFile(path('b.events'), encodeUnsealed(['4'], { sequence: 4 }));
    await until(() => clock.pendingTimers > 0);
    clock.advance(1000);
    await follower.has(5);
  });

  it('polls after a directory can no longer be watched', async () => {
    let fail = () => {};
    const files: FileLayer = {
      ...nodeFileLayer,
      watch: (_path, { onError }) => {
        fail = () => onError(new Error('gone'));
        return { close: () => undefined };
      },
    };
    await writeFile(path('a.events.open'), encodeUnsealed(['0']));
    const follower = follow(path('*'), { files });
    await follower.has(1);
    await appendFile(path('a.events.open'), encodeUnsealed(['1'], { sequence: 1 }));
    fail();
    await follower.has(2);
  });

  describe('ends with its signal, without an open file, watch or timer,', () => {
    for (const [what, options] of [
      ['while it waits', {}],
      ['while it polls', { files: unwatched() }],
    ] as const) {
      it(what, async () => {
        const counting = new CountingFiles();
        let watches = 0;
        const { watch } = options.files ?? nodeFileLayer;
        const files: FileLayer = {
          ...counting.layer,
          watch:
            watch &&
            ((directory, listener) => {
              watches++;
              const watched = watch(directory, listener);
              return {
                close() {
                  watches--;
                  watched.close();
                },
              };
            }),
        } as FileLayer;
        await writeFile(path('a.events.open'), encodeUnsealed(['0']));
        const follower = follow(path('*'), { files });
        await follower.has(1);
        await until(() => clock.pendingTimers > 0);
        await follower.stop();
        expect([counting.open, watches, clock.pendingTimers]).to.deep.equal([0, 0, 0]);
      });
    }

    it('if nothing was read yet, and if a loop breaks off', async () => {
      const reader = createArchiveReader(path('*'), { follow: true, clock });
      reader.destroy();
      await writeFile(path('a.events.open'), encodeUnsealed(['0', '1']));
      for await (const _ of createArchiveReader(path('*'), { follow: true, clock })) break;
      for await (const _ of createArchiveReader(path('*'), { follow: true, clock, limit: 2 }));
      expect(clock.pendingTimers).to.equal(0);
    });
  });

  it('refuses allowEmpty: false', () => {
    const options = { follow: true, allowEmpty: false };
    expect(() => createArchiveReader(path('*'), options)).to.throw(
      TypeError,
      'allowEmpty is false',
    );
  });

  describe('reads on in an archive that grows:', () => {
    const kinds: Readonly<Record<string, (i: number) => Buffer>> = {
      'version 2': (i) => encodeUnsealed([`${i}`], { sequence: i }),
      'version 1': (i) => encodeVersion1([{ payload: `${i}` }]),
      'JSON lines': (i) => encodeJsonLines([{ payload: { i } }]),
    };
    for (const [kind, encode] of Object.entries(kinds)) {
      it(`${kind}, of which half a record comes first`, async () => {
        await writeFile(path('a.open'), encode(0));
        const follower = follow();
        await follower.has(1);
        for (let i = 1; i < 4; i++) {
          const bytes = encode(i);
          const half = Math.ceil(bytes.length / 2);
          await appendFile(path('a.open'), bytes.subarray(0, half));
          await new Promise(setImmediate);
          await appendFile(path('a.open'), bytes.subarray(half));
          await follower.has(i + 1);
        }
        expect(new Set(follower.texts).size).to.equal(4);
      });

      it(`${kind}, sealed, gzipped or moved before the rest was read`, async () => {
        const [first, rest] = [encode(0), Buffer.concat([encode(1), encode(2)])];
        const whole = Buffer.concat([first, rest]);
        const changes: Readonly<Record<string, () => Promise<void>>> = {
          sealed: async () => {
            await appendFile(path('sealed.x.open'), rest);
            await rename(path('sealed.x.open'), path('sealed.x'));
          },
          gzipped: async () => {
            await rm(path('gzipped.x.open'));
            await writeFile(path('new'), gzipSync(whole));
            await rename(path('new'), path('gzipped.x.gz'));
          },
          moved: async () => {
            await mkdir(path('done'));
            await rename(path('moved.x.open'), path('done/moved.x'));
            await appendFile(path('done/moved.x'), rest);
          },
          recovered: async () => {
            await rename(path('recovered.x.open'), path('recovered.x.stale'));
            await writeFile(path('recovered.x.00000000.recovered'), whole);
            await rename(path('recovered.x.00000000.recovered'), path('recovered.x'));
            await rm(path('recovered.x.stale'));
          },
        };
        for (const [name, change] of Object.entries(changes)) {
          await writeFile(path(`${name}.x.open`), first);
          const follower = follow(path(`**/${name}.x`));
          await follower.has(1);
          await change();
          await follower.has(3);
          await follower.stop();
          expect(new Set(follower.texts).size).to.equal(3);
        }
      });
    }

    it('a file that is rotated: renamed, and begun again under its name', async () => {
      const lines = (name: string) => Buffer.from(`{"${name}":1}\n`.repeat(60));
      await writeFile(path('app.jsonl'), lines('a'));
      const follower = follow();
      await follower.has(60);
      await appendFile(path('app.jsonl'), lines('b'));
      await rename(path('app.jsonl'), path('app.jsonl.1'));
      await writeFile(path('app.jsonl'), lines('c'));
      await follower.has(180);
    });

    it('a file that is cut off after its last whole block, and continued', async () => {
      const block = encodeUnsealed(['0']);
      await writeFile(path('a.open'), Buffer.concat([block, block.subarray(0, 30)]));
      const follower = follow();
      await follower.has(1);
      await truncate(path('a.open'), block.length);
      await appendFile(path('a.open'), encodeUnsealed(['1'], { sequence: 1 }));
      await follower.has(2);
    });
  });

  it('ignores leases, journals and other files beside the archives', async () => {
    const counting = new CountingFiles();
    await writeFile(path('a.events.open'), encodeUnsealed(['0']));
    const follower = follow(path('*.events'), { files: counting.layer });
    await follower.has(1);
    const listed = counting.listed.length;
    for (let i = 0; i < 20; i++) await writeFile(path('a.events.open.lock'), `${i}`);
    await appendFile(path('a.events.open'), encodeUnsealed(['1'], { sequence: 1 }));
    await follower.has(2);
    expect(counting.listed.length).to.equal(listed);
  });

  it('continues after a cursor, in an archive that grows', async () => {
    await writeFile(path('a.events.open'), encodeUnsealed(numbered('a', 3)));
    await writeFile(path('b.jsonl'), Buffer.from('{"b":0}\n{"b":1}\n'));
    const first = follow();
    await first.has(5);
    const after = first.reader.cursor;
    await first.stop();
    await appendFile(path('a.events.open'), encodeUnsealed(['a-3'], { sequence: 3 }));
    const second = follow(path('*'), { after });
    await second.has(1);
    await appendFile(path('b.jsonl'), '{"b":2}\n');
    await second.has(2);
    await appendFile(path('a.events.open'), encodeUnsealed(['a-4'], { sequence: 4 }));
    await second.has(3);
    expect(second.texts).to.deep.equal(['a-3', '{"b":2}', 'a-4']);
  });

  it('gives batches, and data to listeners', async () => {
    await writeFile(path('a.events.open'), encodeUnsealed(['0']));
    const found: string[] = [];
    const reader = createArchiveReader(path('*'), { follow: true, clock });
    reader.on('data', (record) => found.push(record.text()));
    const batches = createArchiveReader(path('*'), { follow: true, clock });
    const taken = (async () => {
      for await (const [first] of batches.batches())
        if (first?.text() === '1') return batches.cursor;
      return undefined;
    })();
    await until(() => found.length === 1);
    await appendFile(path('a.events.open'), encodeUnsealed(['1'], { sequence: 1 }));
    await until(() => found.length === 2);
    expect(await taken).to.equal(reader.cursor);
    reader.destroy();
  });
});
