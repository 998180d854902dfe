import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../lib/files/file-layer.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { moveTo } from '../../lib/writing/handlers/move-to.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import { encodeJsonLines, encodeVersion1 } from '../support/encode-archive.js';
import { runs } from '../support/sampled.js';
import { encodeUnsealed, readPayloads, TemporaryDirectories } from '../support/series.js';

const OPEN = 'x_0-[[COUNT]].events';

/** How many records are written while they are read. */
const MOST_RECORDS = runs(150, 400);

/** Contents with one record each, `0` to `2`. */
const kinds: Readonly<Record<string, readonly Buffer[]>> = {
  'version 2': [0, 1, 2].map((i) => encodeUnsealed([`${i}`], { sequence: i })),
  'version 1': [0, 1, 2].map((i) => encodeVersion1([`${i}`])),
  'JSON lines': [0, 1, 2].map((i) => encodeJsonLines([`${i}`])),
};

describe('a reader follows archives that move', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let store: DirectoryStore;

  beforeEach(async () => {
    directory = await directories.make();
    store = new DirectoryStore(join(directory, 'store'));
    for (const name of ['spool', 'moved', 'store']) await mkdir(join(directory, name));
  });

  afterEach(() => directories.remove());

  const inSpool = (name: string) => join(directory, 'spool', name);
  const patterns = () => [inSpool('*'), join(directory, 'moved/*'), { store, pattern: '*' }];

  /** Runs `move` before the `nth` time that a file whose name begins so is opened. */
  function movingBefore(start: string, nth: number, move: () => Promise<void>): FileLayer {
    let opened = 0;
    return {
      ...nodeFileLayer,
      async open(path, mode) {
        if (basename(path).startsWith(start) && dirname(path) === join(directory, 'spool')) {
          // Several names are tried for each opening.
          if (path.endsWith('.open') && ++opened === nth) await move();
        }
        return nodeFileLayer.open(path, mode);
      },
    };
  }

  async function ship(key: string, bytes: Buffer): Promise<void> {
    await store.put(key, Readable.from([bytes], { objectMode: false }));
  }

  const moves: Readonly<Record<string, (bytes: Buffer) => Promise<void>>> = {
    'sealed under another name': () => rename(inSpool(`${OPEN}.open`), inSpool('x_0-1.events')),
    'moved to another directory': () =>
      rename(inSpool(`${OPEN}.open`), join(directory, 'moved/x_0-1.events')),
    'compressed into another directory': async (bytes) => {
      await writeFile(join(directory, 'moved/x_0-1.events.gz'), gzipSync(bytes));
      await rm(inSpool(`${OPEN}.open`));
    },
    'shipped under another name': async (bytes) => {
      await ship('x_0-1.events.gz', gzipSync(bytes));
      await rm(inSpool(`${OPEN}.open`));
    },
  };

  for (const [kind, [first, second, third]] of Object.entries(kinds)) {
    if (first === undefined || second === undefined || third === undefined) continue;
    for (const [what, move] of Object.entries(moves)) {
      for (const [when, nth] of [
        ['before its head is read', 1],
        ['after its head was read', 2],
      ] as const) {
        it(`${kind}, ${what} ${when}`, async () => {
          await writeFile(inSpool(`${OPEN}.open`), first);
          await writeFile(inSpool('x_1-1.events'), second);
          await ship('x_2-1.events.gz', gzipSync(third));
          const files = movingBefore('x_0-', nth, () => move(first));
          const reader = createArchiveReader(patterns(), { files, order: 'time' });
          const { error, payloads } = await readPayloads(reader);
          expect(error).to.equal(undefined);
          expect([...payloads].sort()).to.deep.equal(['0', '1', '2']);
          if (kind === 'version 2') expect(payloads).to.deep.equal(['0', '1', '2']);
        });
      }
    }
  }

  it('fails if an archive is really gone', async () => {
    await writeFile(inSpool(`${OPEN}.open`), encodeUnsealed(['0']));
    await writeFile(inSpool('x_1-1.events'), encodeUnsealed(['1'], { sequence: 1 }));
    const files = movingBefore('x_0-', 2, () => rm(inSpool(`${OPEN}.open`)));
    const { error } = await readPayloads(createArchiveReader(patterns(), { files }));
    expect(error).to.have.property('code', 'ERR_ARCHIVE_GONE');
  });

  it('reads an older archive that is still local before a later one that was shipped', async () => {
    const archives = [0, 1, 2, 3].map((i) => encodeUnsealed([`${i}`], { sequence: i }));
    const [first = Buffer.of(), second = Buffer.of(), third = Buffer.of(), last] = archives;
    await ship('x_0.events.gz', gzipSync(first));
    await ship('x_2.events.gz', gzipSync(third));
    await writeFile(inSpool('x_1.events'), second);
    await writeFile(inSpool('x_3.events.open'), last ?? Buffer.of());
    for (const order of ['name', 'time'] as const) {
      const { error, payloads } = await readPayloads(createArchiveReader(patterns(), { order }));
      expect({ error, payloads }).to.deep.equal({ error: undefined, payloads: [...'0123'] });
    }
  });

  it('finds an archive that began and was shipped between two listings', async () => {
    const [first = Buffer.of(), second = Buffer.of(), third = Buffer.of()] = [0, 1, 2].map((i) =>
      encodeUnsealed([`${i}`], { sequence: i }),
    );
    await writeFile(inSpool('x_0.events'), first);
    const list = store.list.bind(store);
    let listings = 0;
    store.list = async function* (...args) {
      yield* list(...args);
      if (listings++ > 0) return;
      await ship('x_1.events.gz', gzipSync(second));
      await writeFile(inSpool('x_2.events.open'), third);
    };
    for (const order of ['name', 'time'] as const) {
      const { error, payloads } = await readPayloads(createArchiveReader(patterns(), { order }));
      expect({ error, payloads }).to.deep.equal({ error: undefined, payloads: [...'012'] });
      listings = 0;
      await rm(inSpool('x_2.events.open'));
      await store.delete('x_1.events.gz');
    }
  });

  for (const [template, where] of [
    ['e_[[SEQUENCE]]-[[COUNT]].events', 'moved'],
    ['e_[[SEQUENCE]]-[[COUNT]].events', 'shipped'],
    ['[[CRC]].events', 'shipped'],
  ] as const) {
    it(`reads ${template} while it is written and ${where}`, async () => {
      const writer = createArchiveWriter({
        ...{ directory: join(directory, 'spool'), template, roll: rollByCount(5) },
        flushInterval: 1,
        ...(where === 'moved'
          ? { handlers: [moveTo(join(directory, 'moved'))] }
          : { ship: { to: store } }),
      });
      let sequence = 0;
      let isOver = false;
      const writing = (async () => {
        while (!isOver) {
          // A reader that is slower than the writer must still come to an end.
          for (let i = 0; i < 5 && sequence < MOST_RECORDS; i++) {
            await writer.append({ payload: `${sequence++}` }).written;
          }
          await delay(25);
        }
        await writer.close();
      })();
      try {
        for (let round = 0; round < runs(3, 6); round++) {
          const least = sequence - 10;
          const missing: string[] = [];
          const reader = createArchiveReader(patterns(), { allowEmpty: true, order: 'time' });
          reader.on('gap', ({ from, to }) => {
            for (let i = from; i < to; i++) missing.push(`${i}`);
          });
          const { error, payloads } = await readPayloads(reader);
          expect(error).to.equal(undefined);
          // A listing of several directories is not one instant: what it misses is reported.
          const all = [...payloads, ...missing].map(Number).sort((a, b) => a - b);
          expect(all).to.deep.equal([...all.keys()]);
          expect(payloads).to.deep.equal([...payloads].sort((a, b) => Number(a) - Number(b)));
          expect(all.length).to.be.at.least(least);
        }
      } finally {
        isOver = true;
        await writing;
      }
    });
  }
});
