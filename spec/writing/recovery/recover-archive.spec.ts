import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../../lib/files/file-layer.js';
import { verifyArchives } from '../../../lib/reading/verifying/verify-archives.js';
import { ArchiveTemplate } from '../../../lib/series/names/archive-template.js';
import { rollByCount } from '../../../lib/writing/policies/roll-policies.js';
import { recoverArchive } from '../../../lib/writing/recovery/recover-archive.js';
import { RollingWriteStream } from '../../../lib/writing/rolling-write-stream.js';
import { ArchiveFile } from '../../../lib/writing/sink/archive-file.js';
import { DiskFigures } from '../../../lib/writing/sink/disk-figures.js';
import { decodeArchive } from '../../support/decode-archive.js';
import {
  createBlockBuilder,
  encodeJsonLines,
  encodeVersion1,
} from '../../support/encode-archive.js';
import { everyNth } from '../../support/sampled.js';
import { type ScratchDirectory, withScratch } from '../../support/scratch-directory.js';
import { encodeUnsealed } from '../../support/series.js';
import { rejection } from '../../support/store-tools.js';
import { Gate, systemError, TestDisk } from '../../support/test-disk.js';
import { until } from '../../support/until.js';
import { numbers, payloadsOf } from '../../support/writer-tools.js';

const TEMPLATE = 'x_[[SEQUENCE]].events';
const NAME = 'x_1.events';

/** Archives in every format with one record per frame, and the offset where each record ends. */
const SAMPLES = new Map(
  (
    [
      ['version 2', (n) => encodeUnsealed([String(n)], { sequence: n, time: n })],
      ['version 1', (n) => encodeVersion1([String(n)])],
      ['JSON lines', (n) => encodeJsonLines([`{"n":${n}}`])],
    ] satisfies [string, (n: number) => Buffer][]
  ).map(([format, encode]) => {
    const frames = [10, 11, 12].map(encode);
    const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length);
    return [format, { bytes: Buffer.concat(frames), ends }];
  }),
);

/**
 * Sizes to cut an archive to: those that leave the last frame torn, every one near the end of a frame,
 * and one of seven in the frames before, whose bytes are like those of the last.
 */
function* cutsOf(ends: readonly number[]): Generator<number> {
  const [last = 0, size = 0] = ends.slice(-2);
  for (let at = 1; at <= size; at++) {
    const isSampled = at > last ? at % everyNth(3) === 0 : at % 7 === 0;
    if (isSampled || ends.some((end) => Math.abs(end - at) <= 2)) yield at;
  }
}

function recover(
  { path }: ScratchDirectory,
  name = NAME,
  files: FileLayer = nodeFileLayer,
  template = TEMPLATE,
) {
  return recoverArchive(join(path, name), new ArchiveTemplate(template), files);
}

/** The contents of all files that were set aside, by their offsets in the archive. */
async function tornOf(scratch: ScratchDirectory, name = NAME): Promise<Map<number, Buffer>> {
  const torn = new Map<number, Buffer>();
  for (const file of await scratch.list()) {
    const offset = new RegExp(`^${name}\\.torn-(\\d+)$`).exec(file)?.[1];
    if (offset !== undefined) torn.set(Number(offset), await readFile(join(scratch.path, file)));
  }
  return torn;
}

async function clear(scratch: ScratchDirectory): Promise<void> {
  for (const name of await scratch.list()) await rm(join(scratch.path, name), { recursive: true });
}

describe('recoverArchive', () => {
  for (const [format, { bytes, ends }] of SAMPLES) {
    it(`keeps whole records of ${format}, and sets the rest aside, wherever it is cut`, async () => {
      await withScratch(async (scratch) => {
        for (const size of cutsOf(ends)) {
          await scratch.put(`${NAME}.open`, bytes.subarray(0, size));
          const report = await recover(scratch);
          const whole = ends.filter((end) => end <= size);
          const end = whole.at(-1) ?? 0;
          expect(report?.records ?? 0, `cut at ${size}`).to.equal(whole.length);
          const payloads = await payloadsOf(join(scratch.path, NAME));
          expect(payloads, `cut at ${size}`).to.have.length(whole.length);
          const torn = size > end ? [[end, bytes.subarray(end, size)]] : [];
          expect([...(await tornOf(scratch))], `cut at ${size}`).to.deep.equal(torn);
          await clear(scratch);
        }
      });
    }).timeout(120_000);
  }

  it('keeps the records after damage and holes, and sets these aside byte for byte', async () => {
    const { bytes, ends } = SAMPLES.get('version 2') ?? { bytes: Buffer.alloc(0), ends: [] };
    const [first = 0, second = 0] = ends;
    await withScratch(async (scratch) => {
      for (const [from, to] of [
        [first + 70, first + 71],
        [first, second],
        [first - 3, first + 3],
        [0, first],
      ] as const) {
        const damaged = Buffer.from(bytes).fill(0, from, to);
        await scratch.put(`${NAME}.open`, damaged);
        const report = await recover(scratch);
        const kept = await readFile(join(scratch.path, NAME));
        expect(
          decodeArchive(kept)
            .map((record) => record.text())
            .at(-1),
        ).to.equal('12');
        for (const { begin, end } of report?.damage ?? []) {
          expect((await tornOf(scratch)).get(begin)).to.deep.equal(damaged.subarray(begin, end));
        }
        expect(await tornOf(scratch))
          .to.have.property('size', report?.damage.length)
          .above(0);
        await clear(scratch);
      }
    });
  });

  for (const [format, encode] of [
    ['version 2', (payloads: string[]) => encodeUnsealed(payloads, { blockBytes: 65_536 })],
    ['version 1', (payloads: string[]) => encodeVersion1(payloads)],
    ['JSON lines', (payloads: string[]) => encodeJsonLines(payloads)],
  ] as const) {
    it(`keeps all of an archive of ${format} that is many chunks long`, async () => {
      const sizes = [10, 3000, 1_000_000, 70_000, 900_000, 300_000, 500];
      const payloads = Array.from({ length: 60 }, (_, i) => {
        const size = sizes[i % sizes.length] ?? 0;
        return JSON.stringify(`${i} `.repeat(size / `${i} `.length));
      });
      const bytes = encode(payloads);
      const torn = bytes.subarray(0, 2 ** 20 + 17);
      await withScratch(async (scratch) => {
        await scratch.put(`${NAME}.open`, Buffer.concat([bytes, torn]));
        const report = await recover(scratch);
        expect(report?.records).to.equal(
          payloads.length + decodeArchive(torn, { tornTail: 'end' }).length,
        );
        const kept = await payloadsOf(scratch.path);
        for (const [i, payload] of payloads.entries()) expect(kept[i] === payload).to.equal(true);
        for (const [begin, aside] of await tornOf(scratch)) {
          expect(Buffer.concat([bytes, torn]).subarray(begin).equals(aside)).to.equal(true);
        }
        const sha256 = createHash('sha256').update(await readFile(join(scratch.path, NAME)));
        expect(report?.sha256).to.equal(sha256.digest('hex'));
      });
    });
  }

  it('keeps records that are larger than the default limit of readers', async () => {
    await withScratch(async (scratch) => {
      const builder = createBlockBuilder({ maxRecordBytes: 2 ** 30, blockBytes: 2 ** 10 });
      builder.add({ payload: 'small' }, 0);
      builder.add({ payload: Buffer.alloc(85 * 2 ** 20) }, 0);
      builder.finishBlock();
      await scratch.put(`${NAME}.open`, builder.take());
      expect(await recover(scratch))
        .to.include({ records: 2 })
        .and.to.have.property('damage').empty;
    });
  });

  it('recovers the file of an interrupted attempt before a newer one of its name', async () => {
    await withScratch(async (scratch) => {
      await scratch.put(`${NAME}.stale`, encodeUnsealed(['old']));
      await scratch.put(`${NAME}.open`, encodeUnsealed(['new'], { writer: 'b' }));
      await recover(scratch);
      await recover(scratch);
      expect((await payloadsOf(scratch.path)).sort()).to.deep.equal(['new', 'old']);
      expect(await scratch.list()).to.deep.equal(['x_1-1.events', 'x_1.events']);
    });
  });

  it('does not replace a file that was set aside before', async () => {
    await withScratch(async (scratch) => {
      await scratch.put(`${NAME}.torn-0`, Buffer.from('older'));
      await scratch.put(`${NAME}.open`, Buffer.from('no archive'));
      await recover(scratch);
      const contents = await Promise.all(
        (await scratch.list()).map((name) => readFile(join(scratch.path, name), 'utf8')),
      );
      expect(contents.sort()).to.deep.equal(['no archive', 'older']);
    });
  });

  it('finishes a seal that was interrupted between its two names, whatever they are', async () => {
    await withScratch(async (scratch) => {
      const name = 'x_[[CRC]]_[[FIRST_TIME]].events';
      const open = await scratch.put(`${name}.open`, encodeVersion1(['a']));
      await nodeFileLayer.link(open, join(scratch.path, 'x_abc_2026.events'));
      expect(await recover(scratch, name, nodeFileLayer, name)).to.equal(null);
      expect(await scratch.list()).to.deep.equal(['x_abc_2026.events']);
    });
  });

  it('loses nothing if another recoverer, stalled during its copy, continues', async () => {
    for (const call of ['write', 'link', 'unlink']) {
      await withScratch(async (scratch) => {
        await scratch.put(
          `${NAME}.open`,
          Buffer.concat([encodeUnsealed(['a', 'b']), Buffer.from('t')]),
        );
        const gate = new Gate();
        let isFirst = true;
        const slow = new TestDisk(async (name) => {
          if (name !== call || !isFirst) return;
          isFirst = false;
          await gate.pass();
        });
        const stalled = recover(scratch, NAME, slow.files).catch(() => null);
        await until(() => gate.waiting > 0);
        await recover(scratch);
        gate.open();
        await stalled;
        expect(await payloadsOf(scratch.path), call).to.deep.equal(['a', 'b']);
        await recover(scratch);
        expect(await payloadsOf(scratch.path), call).to.deep.equal(['a', 'b']);
        const [only, torn, ...others] = await scratch.list();
        expect([only, torn, others], call).to.deep.equal([NAME, torn, []]);
        expect((await tornOf(scratch)).size, call).to.equal(1);
      });
    }
  });

  it('continues after an interruption at any call, done or not', async () => {
    const bytes = Buffer.concat([
      encodeUnsealed(['a', 'b']),
      Buffer.from('torn'),
      encodeUnsealed(['c'], { sequence: 2 }),
    ]);
    for (const failsDone of [false, true]) {
      await withScratch(async (scratch) => {
        // The two runs take different samples of the calls.
        const first = failsDone ? everyNth(3) : 1;
        for (let n = first, isPassed = false; !isPassed; n += everyNth(5)) {
          await scratch.put(`${NAME}.open`, bytes);
          const disk = new TestDisk((_call, _path, at) => {
            if (at >= n) throw systemError('EIO', 'call');
          });
          disk.failsDone = failsDone;
          await recover(scratch, NAME, disk.files).catch(() => null);
          isPassed = disk.calls.length < n;
          expect(disk.openFiles, `call ${n}`).to.equal(0);
          const files = await scratch.list();
          const isSealed = files.includes(NAME);
          const isKept = files.includes(`${NAME}.open`) || files.includes(`${NAME}.stale`);
          expect(isSealed || isKept, `call ${n}`).to.equal(true);
          await recover(scratch);
          expect(await payloadsOf(scratch.path), `call ${n}`).to.deep.equal(['a', 'b', 'c']);
          expect((await scratch.list()).filter((name) => !name.includes('.torn-'))).to.deep.equal([
            NAME,
          ]);
          expect((await tornOf(scratch)).size, `call ${n}`).to.equal(1);
          await clear(scratch);
        }
      });
    }
  }).timeout(120_000);

  it('does not mistake the remaining digits of a torn number for a record', async () => {
    await withScratch(async (scratch) => {
      await scratch.put(`${NAME}.open`, Buffer.from('1\n22\n33'));
      await recover(scratch);
      expect(await payloadsOf(scratch.path)).to.deep.equal(['1', '22']);
      expect([...(await tornOf(scratch))]).to.deep.equal([[5, Buffer.from('33')]]);
    });
  });

  it('expands the tokens of the name', async () => {
    await withScratch(async (scratch) => {
      const name = 'x_[[COUNT]]_[[FIRST_TIME]]_[[LAST_TIME]].events';
      await scratch.put(`${name}.open`, encodeUnsealed(['a', 'b', 'c']));
      await recover(scratch, name, nodeFileLayer, name);
      expect(await scratch.list()).to.deep.equal([
        'x_3_2023-11-14T22-13-20.000000Z_2023-11-14T22-13-20.002000Z.events',
      ]);
    });
  });

  it('links the archive to the previous one of its writer', async () => {
    await withScratch(async (scratch) => {
      const { path: directory } = scratch;
      const roll = rollByCount(2);
      const writer = new RollingWriteStream({ directory, template: TEMPLATE, roll });
      for (const payload of numbers(5)) writer.append(payload);
      await writer.close();
      // As a crash would have left the last archive.
      const bytes = await readFile(join(directory, 'x_000002.events'));
      await rm(join(directory, 'x_000002.events'));
      const indexBytes = bytes.readUInt32LE(bytes.length - 4);
      await scratch.put('x_000002.events.open', bytes.subarray(0, -indexBytes));
      await recover(scratch, 'x_000002.events');
      const report = await verifyArchives(directory);
      expect(report).to.include({ verdict: 'complete', ended: 'unknown' });
      expect(await payloadsOf(directory)).to.deep.equal(numbers(5));
    });
  });

  it('gives no name to the incomplete copy of a recoverer that took over meanwhile', async () => {
    await withScratch(async (scratch) => {
      await scratch.put(`${NAME}.open`, encodeUnsealed(['a', 'b']));
      const stall = async (disk: TestDisk, at: string) => {
        const gate = new Gate();
        disk.hook = (call) => (call === at ? gate.pass() : undefined);
        const done = recover(scratch, NAME, disk.files).catch(() => null);
        await until(() => gate.waiting > 0);
        return { done, gate };
      };
      const first = await stall(new TestDisk(), 'link');
      const second = await stall(new TestDisk(), 'write');
      first.gate.open();
      await first.done;
      // The second one dies now, with its file still empty.
      expect(await payloadsOf(scratch.path)).to.deep.equal(['a', 'b']);
      second.gate.open();
      await second.done;
      await recover(scratch);
      expect(await payloadsOf(scratch.path)).to.deep.equal(['a', 'b']);
    });
  });

  it('loses nothing if several recover it at once, which leases would prevent', async () => {
    const bytes = Buffer.concat([encodeUnsealed(['a', 'b']), Buffer.from('torn')]);
    await withScratch(async (scratch) => {
      for (let round = 0; round < 30; round++) {
        await scratch.put(`${NAME}.open`, bytes);
        await Promise.allSettled([recover(scratch), recover(scratch), recover(scratch)]);
        await recover(scratch);
        expect(await payloadsOf(scratch.path), `round ${round}`).to.deep.equal(['a', 'b']);
        expect((await tornOf(scratch)).size, `round ${round}`).to.equal(1);
        expect(await scratch.list(), `round ${round}`).to.have.length(2);
        await clear(scratch);
      }
    });
  });

  it('rejects if the archive is a directory, and changes nothing', async () => {
    await withScratch(async (scratch) => {
      await mkdir(join(scratch.path, `${NAME}.open`));
      const error = await rejection(recover(scratch));
      expect(error).to.include({ code: 'ERR_NOT_A_FILE', found: 'a directory' });
      expect(await scratch.list()).to.deep.equal([`${NAME}.open`]);
    });
  });

  it('gives a directory in place of the stale file another name, and recovers', async () => {
    await withScratch(async (scratch) => {
      await mkdir(join(scratch.path, `${NAME}.stale`));
      await scratch.put(`${NAME}.open`, encodeUnsealed(['a']));
      await recover(scratch);
      expect(await payloadsOf(join(scratch.path, NAME))).to.deep.equal(['a']);
      expect(await scratch.list()).to.have.length(2);
    });
  });
});

describe('recoverArchive, beside a writer', () => {
  it('keeps the name of an archive until it is recovered', async () => {
    await withScratch(async (scratch) => {
      await scratch.put(`${NAME}.stale`, encodeUnsealed(['old']));
      const file = await ArchiveFile.create(scratch.path, NAME, nodeFileLayer, new DiskFigures());
      expect(file.name).to.equal('x_1-1.events');
      await file.abandon();
      expect(await readdir(scratch.path)).to.deep.equal([`${NAME}.stale`]);
    });
  });

  it('takes an archive from a stalled writer, which does not change it later', async () => {
    await withScratch(async (scratch) => {
      const writer = new RollingWriteStream({ directory: scratch.path, template: TEMPLATE });
      await writer.append('promised').synced;
      await recover(scratch, 'x_000000.events');
      const { size } = await stat(join(scratch.path, 'x_000000.events'));
      await writer.append('late').synced;
      await writer.close();
      expect(await payloadsOf(scratch.path)).to.deep.equal(['promised', 'late']);
      expect(await stat(join(scratch.path, 'x_000000.events'))).to.include({ size });
    });
  });
});
