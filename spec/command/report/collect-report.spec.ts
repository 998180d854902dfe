import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { collectReport } from '../../../lib/command/report/collect-report.js';
import { createArchiveReader, createArchiveWriter, rollByCount } from '../../../lib/index.js';
import { TemporaryDirectories } from '../../support/series.js';

const BEGIN = Date.UTC(2026, 10, 30);

describe('collectReport', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  it('dates a problem by the last record before it, not by what was read ahead', async () => {
    const directory = await temporary.make();
    const template = 'a-[[SEQUENCE]].events';
    const roll = rollByCount(200);
    const writer = createArchiveWriter({ directory, template, roll, blockBytes: 1024 });
    for (let i = 0; i < 600; i++) {
      writer.write({ payload: 'x'.repeat(100), time: new Date(BEGIN + i * 60_000) });
    }
    await writer.close();
    const damaged = join(directory, 'a-000001.events');
    const bytes = await readFile(damaged);
    bytes.writeUInt8(bytes.readUInt8(bytes.length / 2) ^ 1, bytes.length / 2);
    await writeFile(damaged, bytes);

    const read = await createArchiveReader(directory, { whenDamaged: 'skip' }).toArray();
    const next = read.findIndex(({ sequence }, i) => sequence !== i);
    expect(next).to.be.within(201, 398);
    const { signal } = new AbortController();
    const { problems } = await collectReport([directory], {}, signal, () => undefined);
    expect(problems.map(({ kind }) => kind)).to.have.members(['damage', 'gap']);
    for (const { kind, timeMs } of problems) {
      expect(timeMs, kind).to.equal(BEGIN + (next - 1) * 60_000);
    }
  });
});
