import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';

import { nodeZstd } from '../../lib/codec/compression/zstd/node-zstd.js';
import { ArchiveError } from '../../lib/errors/archive-error.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { verifyArchive } from '../../lib/reading/verifying/verify-archive.js';
import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import {
  type ArchiveWriterOptions,
  createArchiveWriter,
} from '../../lib/shipping/create-archive-writer.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import { repairArchive } from '../../lib/writing/recovery/repair-archive.js';
import { readPayloads, TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';
import { commandOutput, needsZstd } from '../support/zstd-tools.js';

const PAYLOADS = Array.from({ length: 300 }, (_, n) => `{"n":${n},"text":"${'x'.repeat(n % 40)}"}`);
const JSON_LINES = Buffer.from(`${PAYLOADS.join('\n')}\n`);

describe('shipping with zstd', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let store: string;

  beforeEach(async () => {
    directory = await directories.make();
    store = await directories.make();
  });

  afterEach(() => directories.remove());

  /** Ships all payloads, and returns the writer's patterns and the names in the store. */
  async function ship(options: Partial<ArchiveWriterOptions> = {}) {
    const writer = createArchiveWriter({
      ...{ directory, template: 'x_[[SEQUENCE]].events', roll: rollByCount(100) },
      ship: { to: store, compression: 'zstd' },
      ...options,
    });
    for (const payload of PAYLOADS) writer.write({ payload, metadata: { kind: 'a' } });
    writer.end();
    const { shipped } = await writer.close();
    const names = (await readdir(store)).sort();
    expect(shipped).to.equal(names.length);
    return { patterns: writer.patterns, names };
  }

  it('is refused where Node has no zstd, by an error that names it and Node 22.15', async () => {
    const create = () =>
      createArchiveWriter({ directory, ship: { to: store, compression: 'zstd' } });
    if (nodeZstd !== null) {
      await create().close();
      return;
    }
    expect(create).to.throw(
      ArchiveError,
      /^cannot write with ship\.compression 'zstd': zstd needs Node 22\.15/,
    );
    const path = join(directory, 'a.events.zst');
    await writeFile(path, Buffer.from('28b52ffd2003190000616263', 'hex'));
    const errors = [
      (await readPayloads(createArchiveReader(path))).error,
      (await readPayloads(createArchiveReader(path, { whenDamaged: 'skip' }))).error,
      await rejection(verifyArchive(path)),
      await rejection(repairArchive(path, join(directory, 'b.events'))),
    ];
    for (const error of errors) {
      expect(error).to.be.instanceOf(ArchiveError).with.property('code', 'ERR_NO_ZSTD');
      expect(error)
        .to.have.property('message')
        .that.matches(/zstd needs Node 22\.15 or later/);
    }
  });

  it('gives NAME.zst, which reads, verifies and repairs as any archive', async function () {
    needsZstd(this);
    const { names, patterns } = await ship();
    expect(names).to.deep.equal(['x_000000', 'x_000001', 'x_000002'].map((x) => `${x}.events.zst`));
    expect((await readPayloads(createArchiveReader(patterns))).payloads).to.deep.equal(PAYLOADS);
    const { verdict } = await verifyArchives(join(store, '*.events'));
    expect(verdict).to.equal('complete');
    const repaired = join(directory, 'repaired.events');
    const { damagedStretches, records } = await repairArchive(
      join(store, names[0] ?? ''),
      repaired,
    );
    expect([damagedStretches, records]).to.deep.equal([0, 100]);
    expect((await verifyArchive(repaired)).isIntact).to.equal(true);
  });

  it('gives what the zstd command decompresses to the archive', async function () {
    needsZstd(this);
    await ship({ format: 'jsonl', roll: rollByCount(1000) });
    const zstd = await readFile(join(store, 'x_000000.events.zst'));
    expect(commandOutput(this, zstd).equals(JSON_LINES)).to.equal(true);
  });

  it('gives what DuckDB reads as JSON lines', async function () {
    needsZstd(this);
    this.timeout(20_000);
    await ship({ format: 'jsonl', ship: { to: store, compression: 'zstd', level: 9 } });
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    try {
      const files = `${store}/*.zst`;
      const query = `SELECT count(*) AS c, sum(n) AS s FROM read_json('${files}', format = 'newline_delimited', compression = 'zstd')`;
      const found = await connection.runAndReadAll(query);
      expect(found.getRows().flat().map(String)).to.deep.equal(['300', `${(299 * 300) / 2}`]);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });

  it('recognises an archive that is in the store already, and ships no other over it', async function () {
    needsZstd(this);
    await ship({ ship: { to: store, compression: 'zstd', localFile: 'keep' } });
    const [first = ''] = await readdir(store);
    const stored = await readFile(join(store, first));
    // The next writer finds the kept files, and sends nothing.
    const again = createArchiveWriter({
      ...{ directory, template: 'x_[[SEQUENCE]].events' },
      ship: { to: store, compression: 'zstd', localFile: 'keep' },
    });
    await again.close();
    expect(await readdir(store)).to.have.length(3);
    await writeFile(join(store, first), 'something else');
    const third = createArchiveWriter({
      ...{ directory, template: 'x_[[SEQUENCE]].events' },
      ship: { to: store, compression: 'zstd', localFile: 'delete' },
    });
    await third.close();
    const names = await readdir(store);
    expect(names.filter((name) => /^x_000000-[0-9a-f]{8}\.events\.zst$/.test(name))).to.have.length(
      1,
    );
    expect(await readFile(join(store, first), 'utf8')).to.equal('something else');
    expect(stored.length).to.be.above(100);
  });

  it('reads a series whose compression changed from one writer to the next', async function () {
    needsZstd(this);
    const template = '[[WRITER]]_[[SEQUENCE]].events';
    let patterns: Awaited<ReturnType<typeof ship>>['patterns'] = [];
    const files = new Set<string>();
    for (const compression of ['gzip', 'none', 'zstd'] as const) {
      const writer = createArchiveWriter({ directory, template, ship: { to: store, compression } });
      for (const payload of PAYLOADS) writer.write({ payload: `${compression} ${payload}` });
      writer.end();
      await writer.close();
      patterns = writer.patterns;
    }
    for (const name of await readdir(store)) files.add(name.slice(name.lastIndexOf('.')));
    expect([...files].sort()).to.deep.equal(['.events', '.gz', '.zst']);
    const { payloads } = await readPayloads(createArchiveReader(patterns, { order: 'time' }));
    expect(new Set(payloads).size).to.equal(3 * PAYLOADS.length);
  });

  it('refuses a key that ends with the suffix of another compression', function () {
    needsZstd(this);
    const create = () =>
      createArchiveWriter({
        ...{ directory, ship: { to: store, compression: 'zstd', key: '[[NAME]].gz' } },
      });
    expect(create).to.throw(RangeError, 'ends with .gz, expected .zst');
  });
});
