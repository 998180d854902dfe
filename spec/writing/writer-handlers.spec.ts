import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import type { ArchiveHandler } from '../../lib/writing/handlers/archive-handler.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import type { RollingWriteOptions } from '../../lib/writing/rolling-write-options.js';
import { MemoryStore } from '../support/memory-store.js';
import { encodeUnsealed } from '../support/series.js';
import { Gate } from '../support/test-disk.js';
import { until } from '../support/until.js';
import { numbers, payloadsOf, sha256Of } from '../support/writer-tools.js';

describe('handlers of a RollingWriteStream', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-handlers-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = (
    handlers: readonly ArchiveHandler[],
    options: Partial<RollingWriteOptions> = {},
  ) => createArchiveWriter({ directory, template: 'a.events', handlers, ...options });

  it('run in order, archive by archive, with the open and the sealed path', async () => {
    const steps: string[] = [];
    const named = (name: string): ArchiveHandler => ({
      onOpen: ({ path }) => void steps.push(`${name} open ${path}`),
      async onSealed({ path, records }) {
        expect(await payloadsOf(path)).to.have.length(records);
        steps.push(`${name} sealed ${path} ${records}`);
      },
    });
    const writer = create([named('x'), named('y')]);
    writer.write('a');
    await writer.roll();
    await pipeline(['b', 'c'], writer);
    const [first, second] = [join(directory, 'a.events'), join(directory, 'a-1.events')];
    expect(steps).to.deep.equal([
      `x open ${first}.open`,
      `y open ${first}.open`,
      `x sealed ${first} 1`,
      `y sealed ${first} 1`,
      `x open ${second}.open`,
      `y open ${second}.open`,
      `x sealed ${second} 2`,
      `y sealed ${second} 2`,
    ]);
  });

  it('run for recovered archives, before those are shipped', async () => {
    await writeFile(join(directory, 'a.events.open'), encodeUnsealed(['x', 'y']));
    await writeFile(join(directory, 'a-1.events.stale'), encodeUnsealed(['z'], { writer: 'b' }));
    const steps: string[] = [];
    const store = new MemoryStore();
    store.before = (operation, key) => {
      if (operation === 'put') steps.push(`put ${key}`);
    };
    const handler: ArchiveHandler = {
      onOpen: () => void steps.push('opened'),
      async onSealed({ name, path, records, sha256 }) {
        expect(sha256Of(await readFile(path))).to.equal(sha256);
        steps.push(`handled ${name} ${records}`);
      },
    };
    const writer = createArchiveWriter({
      ...{ directory, template: 'a.events', handlers: [handler], ship: { to: store } },
    });
    for (const event of ['sealed', 'recovered', 'shipped'] as const) {
      writer.on(event, ({ name }) => steps.push(`${event} ${name}`));
    }
    await writer.close();
    const told = (name: string, records: number) =>
      ['recovered NAME', `handled NAME ${records}`, 'put NAME.gz', 'shipped NAME'].map((step) =>
        step.replace('NAME', name),
      );
    expect(steps).to.have.members([...told('a.events', 2), ...told('a-1.events', 1)]);
    for (const name of ['a.events', 'a-1.events']) {
      const ofOne = steps.filter((step) => step.includes(` ${name}`));
      expect(ofOne.slice(1)).to.deep.equal(told(name, name === 'a.events' ? 2 : 1).slice(1));
    }
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('get the path that the one before left, and stop when the file is gone', async () => {
    const seen: string[] = [];
    const moving: ArchiveHandler = {
      async onSealed({ path }) {
        await rename(path, `${path}.moved`);
        return `${path}.moved`;
      },
    };
    const deleting: ArchiveHandler = {
      async onSealed({ name, path }) {
        seen.push(name);
        await unlink(path);
        return null;
      },
    };
    const last: ArchiveHandler = { onSealed: ({ name }) => void seen.push(`last ${name}`) };
    await pipeline(['a'], create([moving, deleting, last]));
    expect(seen).to.deep.equal(['a.events.moved']);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('are reported when they fail, and the others and later archives follow', async () => {
    const thrown = new Error('broken');
    const seen: string[] = [];
    const broken: ArchiveHandler = {
      name: 'broken',
      onOpen() {
        throw thrown;
      },
      onSealed: () => Promise.reject(thrown),
    };
    const after: ArchiveHandler = {
      onOpen: ({ ordinal }) => void seen.push(`open ${ordinal}`),
      onSealed: ({ ordinal }) => void seen.push(`sealed ${ordinal}`),
    };
    const writer = create([broken, after], { roll: rollByCount(1) });
    const failures: unknown[] = [];
    writer.on('failed', ({ archive, error, operation }) => {
      failures.push([operation, error, archive.name]);
    });
    await pipeline(numbers(2), writer);
    expect(seen).to.have.members(['open 0', 'sealed 0', 'open 1', 'sealed 1']);
    expect(seen.filter((step) => step.startsWith('sealed'))).to.deep.equal([
      'sealed 0',
      'sealed 1',
    ]);
    expect(failures).to.have.length(4);
    expect(failures).to.deep.include(['broken', thrown, 'a.events']);
    expect(failures).to.deep.include(['broken', thrown, 'a-1.events']);
  });

  it('do not delay writing, but do delay the event drained', async () => {
    const gate = new Gate();
    const writer = create([{ onSealed: () => gate.pass() }], { roll: rollByCount(2) });
    let isDrained = false;
    writer.on('drained', () => {
      isDrained = true;
    });
    for (const payload of numbers(9)) writer.write(payload);
    writer.end();
    await until(() => writer.stats().sealed === 5);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect([isDrained, writer.writableFinished, gate.waiting]).to.deep.equal([false, false, 1]);
    gate.open();
    await once(writer, 'close');
    expect(isDrained).to.equal(true);
  });

  it('are waited for by roll() and destroy()', async () => {
    const gate = new Gate();
    const writer = create([{ onSealed: () => gate.pass() }]);
    writer.write('a');
    let isRolled = false;
    const rolled = writer.roll().then(() => {
      isRolled = true;
    });
    await until(() => gate.waiting === 1);
    expect(isRolled).to.equal(false);
    writer.write('b');
    writer.destroy();
    await until(() => writer.stats().sealed === 2);
    expect(writer.closed).to.equal(false);
    gate.open();
    await Promise.all([rolled, once(writer, 'close')]);
    expect(await payloadsOf(directory)).to.deep.equal(['a', 'b']);
  });
});
