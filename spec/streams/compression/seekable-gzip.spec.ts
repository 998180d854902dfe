import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import { totalBytes } from '../../../lib/codec/bytes/pieces.js';
import { gzipFormat } from '../../../lib/codec/compression/gzip/gzip-format.js';
import { readFileEnd } from '../../../lib/codec/compression/members/file-end.js';
import {
  deflateOnPool,
  SeekableGzip,
  type SeekableGzipOptions,
} from '../../../lib/streams/compression/seekable-gzip.js';
import { allowTime } from '../../support/allow-time.js';
import { compiled } from '../../support/compiled.js';
import { sealArchive } from '../../support/damaged-archive.js';
import { cut, decodeArchive } from '../../support/decode-archive.js';
import { encodeBlocks, encodeJsonLines, encodeVersion1 } from '../../support/encode-archive.js';
import {
  compressAll,
  corpusLines,
  indexOf,
  membersOf,
  sampleBlocks,
} from '../../support/gzip-tools.js';
import { runs } from '../../support/sampled.js';
import { rejection } from '../../support/store-tools.js';
import { settle } from '../stream-tools.js';

const SMALL = { memberBytes: 1024 };

const records = Array.from({ length: 200 }, (_, i) => ({ payload: `{"n":${i * 7919}}` }));

/** Compresses as the thread pool does, within a turn of the event loop. */
async function deflateNow(raw: Buffer): Promise<Buffer> {
  return gzipSync(raw).subarray(10);
}

/** Compressions that the spec ends one by one. */
class HeldDeflates {
  /** The highest number of compressions at one time. */
  mostRunning = 0;
  started = 0;
  readonly signals: AbortSignal[] = [];
  readonly #held: (() => void)[] = [];

  get running(): number {
    return this.#held.length;
  }

  readonly deflate = async (raw: Buffer, signal: AbortSignal): Promise<Buffer> => {
    this.started++;
    this.signals.push(signal);
    await new Promise<void>((resolve) => {
      this.#held.push(resolve);
      this.mostRunning = Math.max(this.mostRunning, this.running);
    });
    return gzipSync(raw).subarray(10);
  };

  /** Ends one running compression. */
  end(which: number): void {
    const [end] = this.#held.splice(which % Math.max(this.running, 1), 1);
    end?.();
  }
}

describe('SeekableGzip', () => {
  const archives: ReadonlyArray<readonly [what: string, bytes: () => Buffer]> = [
    ['blocks', sampleBlocks],
    ['a sealed archive', () => sealArchive([records.slice(0, 99), records.slice(99)]).bytes],
    ['version 1', () => encodeVersion1(records)],
    ['JSON lines', () => encodeJsonLines(records)],
    ['nothing', () => Buffer.alloc(0)],
    ['one byte', () => Buffer.of(0x84)],
    ['a huge record', () => encodeBlocks([{ payload: Buffer.alloc(1_000_000, 'abc') }])],
    ['an archive that is torn', () => sampleBlocks().subarray(0, 20_001)],
    [
      'what is no archive',
      () => Buffer.from(Array.from({ length: 9999 }, (_, i) => (i * i) % 251)),
    ],
    ['zeros', () => Buffer.alloc(70_000)],
  ];
  /** All archives, each compressed on its own, one after the other: programs start only once. */
  async function compressEach(): Promise<Buffer> {
    const compressed: Buffer[] = [];
    for (const [, bytes] of archives) compressed.push(await compressAll(bytes(), SMALL));
    return Buffer.concat(compressed);
  }

  const programs: ReadonlyArray<readonly [name: string, command: string, args: string[]]> = [
    ['gzip -dc', 'gzip', ['-dc']],
    [
      "Python's gzip",
      'python3',
      ['-c', 'import gzip, sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))'],
    ],
  ];

  for (const [what, bytes] of archives) {
    it(`decompresses to exactly the bytes written: ${what}`, async () => {
      const gzip = await compressAll(bytes(), SMALL);
      expect(gunzipSync(gzip).equals(bytes())).to.equal(true);
      const totals = { rawBytes: bytes().length };
      const end = readFileEnd(gzipFormat, { head: gzip, tail: gzip, fileBytes: gzip.length });
      expect(end).to.have.property('totals').that.includes(totals);
    });
  }

  for (const [name, command, args] of programs) {
    it(`is decompressed by ${name}`, async function () {
      allowTime(this, 120_000);
      if (spawnSync(command, ['--version']).status !== 0) {
        console.log(`      not tried: there is no ${command} here`);
        this.skip();
      }
      const input = await compressEach();
      const { status, stdout, stderr } = spawnSync(command, args, { input, maxBuffer: 2 ** 24 });
      expect(status, String(stderr)).to.equal(0);
      expect(stdout.equals(Buffer.concat(archives.map(([, bytes]) => bytes())))).to.equal(true);
    });
  }

  it('passes gzip -t without a warning', async function () {
    if (spawnSync('gzip', ['--version']).status !== 0) {
      console.log('      not tried: there is no gzip here');
      this.skip();
    }
    const { status, stderr } = spawnSync('gzip', ['-tv'], { input: await compressEach() });
    expect(status).to.equal(0);
    expect(stderr.toString().trim()).to.match(/OK$/);
  });

  it('gives the same bytes for chunks of any size', async () => {
    for (const archive of [sampleBlocks().subarray(0, 6000), encodeJsonLines(records)]) {
      const whole = await compressAll(archive, SMALL, archive.length);
      for (const size of [1, 2, 17, 64, 1023, 1024, 1025]) {
        expect((await compressAll(archive, SMALL, size)).equals(whole), `${size}`).to.equal(true);
      }
    }
  });

  it('gives the same bytes at any concurrency', async () => {
    const [one, ...others] = await Promise.all(
      [1, 2, 8].map((concurrency) => compressAll(sampleBlocks(), { ...SMALL, concurrency })),
    );
    for (const other of others) expect(one?.equals(other)).to.equal(true);
  });

  it('writes members that decompress alone and hold whole frames', async () => {
    const gzip = await compressAll(sampleBlocks(), { memberBytes: 4096 });
    let sequence = 0;
    for (const { bytes } of membersOf(gzip).filter(({ kind }) => kind === 1)) {
      for (const record of decodeArchive(gunzipSync(bytes))) {
        expect(record.sequence).to.equal(sequence++);
      }
    }
    expect(sequence).to.equal(300);
  });

  it('ends with index members and an end member', async () => {
    for (const archive of [sampleBlocks(), Buffer.alloc(0)]) {
      const kinds = membersOf(await compressAll(archive, SMALL)).map(({ kind }) => kind);
      expect(kinds.slice(-2)).to.deep.equal([2, 3]);
      expect(kinds.slice(0, -2).every((kind) => kind === 1)).to.equal(true);
    }
  });

  it('is within 2 % of the size of one stream at the same level', async () => {
    const corpus = corpusLines();
    const lines = corpus.subarray(0, corpus.lastIndexOf('\n', 6 * 2 ** 20) + 1);
    const blocks = encodeCorpus(lines);
    const cases = [
      [6, blocks],
      [6, lines],
      [9, blocks],
    ] as const;
    for (const [level, archive] of cases.slice(0, runs(2, cases.length))) {
      const gzip = await compressAll(archive, { level });
      expect(gunzipSync(gzip).equals(archive)).to.equal(true);
      expect(gzip.length).to.be.at.most(1.02 * gzipSync(archive, { level }).length);
      expect(indexOf(gzip).length).to.be.at.least(Math.floor(archive.length / 1.3 / 2 ** 20));
    }
  }).timeout(120_000);

  it('keeps members in order when their compressions end in any order', async () => {
    const archive = sampleBlocks().subarray(0, 20_000);
    const inOrder = await compressAll(archive, { ...SMALL, deflate: deflateNow });
    const anyOrder = fc.array(fc.nat(7), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(anyOrder, fc.integer({ min: 1, max: 8 }), async (order, concurrency) => {
        const held = new HeldDeflates();
        let isDone = false;
        const { deflate } = held;
        const compressed = compressAll(archive, { ...SMALL, concurrency, deflate }).finally(() => {
          isDone = true;
        });
        for (let i = 0; !isDone; i++) {
          await setImmediate();
          held.end(order[i % order.length] ?? 0);
        }
        expect((await compressed).equals(inOrder)).to.equal(true);
        expect(held.mostRunning).to.be.at.most(concurrency + 1);
      }),
      { numRuns: 30 },
    );
  });

  it('gives the thread pool one member more than concurrency', async () => {
    for (const concurrency of [1, 3, 8]) {
      const held = new HeldDeflates();
      const gzip = new SeekableGzip({ ...SMALL, concurrency, deflate: held.deflate });
      gzip.write(sampleBlocks());
      await settle();
      expect(held.running).to.equal(concurrency + 1);
      gzip.destroy();
    }
  });

  it('holds concurrency + 1 members and the callback while no data is read', async () => {
    // Much more than a stream holds in any version of Node.
    const archive = Buffer.concat(Array.from({ length: 12 }, () => sampleBlocks()));
    for (const chunks of [[archive], [...cut(archive, 100)]]) {
      const held = new HeldDeflates();
      const gzip = new SeekableGzip({ ...SMALL, concurrency: 2, deflate: held.deflate });
      let written = 0;
      for (const chunk of chunks) {
        gzip.write(chunk, () => {
          written += chunk.length;
        });
      }
      // The first members fill the readable side; then the stream holds as many as it may.
      for (let i = 0; i < 200; i++) {
        held.end(0);
        await setImmediate();
      }
      expect(held.running).to.equal(0);
      expect(written).to.be.below(archive.length);
      const { readableLength } = gzip;
      const { started } = held;
      // Reading makes room: members that were held when counted come with the first read.
      const given = membersOf(gzip.read()).filter(({ offset }) => offset < readableLength);
      expect(started - given.length).to.equal(3);
      gzip.destroy();
    }
  });

  it('continues when its output is read', async () => {
    const gzip = new SeekableGzip({ ...SMALL, concurrency: 1, deflate: deflateNow });
    const archive = sampleBlocks();
    gzip.end(archive);
    const pieces: Buffer[] = [];
    gzip.on('readable', () => {
      for (let piece = gzip.read(); piece !== null; piece = gzip.read()) pieces.push(piece);
    });
    await once(gzip, 'end');
    expect(gunzipSync(Buffer.concat(pieces)).equals(archive)).to.equal(true);
  });

  it('supports a reader that writes, reads and pauses from within an event', async () => {
    const archive = sampleBlocks();
    const gzip = new SeekableGzip({ ...SMALL, concurrency: 2, deflate: deflateNow });
    const pieces: Buffer[] = [];
    const rest = [...cut(archive, 3000)];
    const writeNext = () => {
      const chunk = rest.shift();
      if (chunk !== undefined) gzip.write(chunk, writeNext);
      else gzip.end();
    };
    gzip.on('data', (piece: Buffer) => {
      pieces.push(piece);
      // Emits the available data from within this event.
      gzip.read();
      gzip.pause();
      queueMicrotask(() => gzip.resume());
    });
    writeNext();
    await once(gzip, 'end');
    expect(gunzipSync(Buffer.concat(pieces)).equals(archive)).to.equal(true);
  });

  it('fails with the error of the compression', async () => {
    const failure = new Error('no memory');
    let calls = 0;
    const deflate = async (raw: Buffer) => {
      if (++calls === 3) throw failure;
      return deflateNow(raw);
    };
    expect(await rejection(compressAll(sampleBlocks(), { ...SMALL, deflate }))).to.equal(failure);
    expect(calls).to.be.below(20);
  });

  it('starts no compression after it is destroyed', async () => {
    const held = new HeldDeflates();
    const gzip = new SeekableGzip({ ...SMALL, concurrency: 2, deflate: held.deflate });
    gzip.write(sampleBlocks());
    await settle();
    gzip.destroy();
    await once(gzip, 'close');
    expect(held.signals.every(({ aborted }) => aborted)).to.equal(true);
    while (held.running > 0) held.end(0);
    await settle();
    expect(held.started).to.equal(3);
    expect(gzip.read()).to.equal(null);
  });

  it('lets the process end when it is destroyed midway', function () {
    allowTime(this, 120_000);
    const program = `
      import { SeekableGzip } from ${JSON.stringify(compiled(new URL('../../../lib/streams/compression/seekable-gzip.ts', import.meta.url)))};
      const gzip = new SeekableGzip({ memberBytes: '16 MiB', level: 9, concurrency: 4 });
      gzip.on('close', () => console.log('closed'));
      gzip.write(Buffer.alloc(80 * 2 ** 20, 'abcdefg'));
      setImmediate(() => gzip.destroy());
    `;
    const args = ['--input-type=module', '--eval', program];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { timeout: 60_000 });
    expect(stderr.toString()).to.equal('');
    expect([status, stdout.toString()]).to.deep.equal([0, 'closed\n']);
  });

  it('ends a pipeline whose source fails or whose reader stops early', async () => {
    const broken = new Error('broken');
    const source = async function* () {
      yield sampleBlocks();
      throw broken;
    };
    const gzip = new SeekableGzip(SMALL);
    const ended = pipeline(source, gzip, async (compressed) => {
      for await (const piece of compressed) expect(piece).to.have.length.above(0);
    });
    expect(await rejection(ended)).to.equal(broken);
    expect(gzip.destroyed).to.equal(true);

    const left = Readable.from(cut(sampleBlocks(), 1000)).pipe(new SeekableGzip(SMALL));
    for await (const piece of left) {
      expect(piece).to.have.length.above(0);
      break;
    }
    expect(left.destroyed).to.equal(true);
  });

  const wrong: ReadonlyArray<readonly [SeekableGzipOptions, string]> = [
    [{ level: 10 }, 'level is 10, expected a whole number from 0 to 9'],
    [{ level: 1.5 }, 'level is 1.5, expected'],
    [{ concurrency: 0 }, 'concurrency is 0, expected a whole number from 1 to 8'],
    [{ concurrency: 9 }, 'concurrency is 9, expected'],
    [{ memberBytes: 1023 }, 'memberBytes is 1023, expected a whole number from 1024 to 67108864'],
    [{ memberBytes: '65 MiB' }, 'memberBytes is 68157440, expected'],
    [{ memberBytes: 'much' }, 'memberBytes is "much", expected'],
  ];
  for (const [options, message] of wrong) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => new SeekableGzip(options)).to.throw(RangeError, message);
    });
  }

  it('supports every level', async () => {
    const archive = sampleBlocks();
    for (let level = 0; level <= 9; level++) {
      expect(gunzipSync(await compressAll(archive, { ...SMALL, level })).equals(archive)).to.equal(
        true,
      );
    }
  });

  it('restores any bytes from any chunks', async () => {
    const anyPiece = fc.oneof(
      fc.uint8Array({ maxLength: 4000 }).map((bytes) => Buffer.from(bytes)),
      fc.nat(40).map((count) => encodeBlocks(records.slice(0, count), { blockBytes: 300 })),
      fc.nat(40).map((count) => encodeVersion1(records.slice(0, count))),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyPiece, { maxLength: 4 }),
        fc.integer({ min: 1, max: 5000 }),
        async (all, size) => {
          const archive = Buffer.concat(all);
          const gzip = await compressAll(archive, SMALL, size);
          expect(gunzipSync(gzip).equals(archive)).to.equal(true);
          const last = indexOf(gzip).at(-1);
          expect((last?.rawOffset ?? 0) + (last?.rawBytes ?? 0)).to.equal(archive.length);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('deflateOnPool', () => {
  const { signal } = new AbortController();
  const HEADER = Buffer.from('1f8b080000000000000a', 'hex');

  it('gives deflate data and the trailer without a header', async () => {
    for (const raw of [Buffer.from('x'), Buffer.alloc(100_000, 'abc'), Buffer.alloc(0)]) {
      const deflated = Buffer.concat(await deflateOnPool(6)(raw, signal));
      expect(gunzipSync(Buffer.concat([HEADER, deflated])).equals(raw)).to.equal(true);
    }
  });

  it('compresses at the given level', async () => {
    const raw = Buffer.from(Array.from({ length: 80_000 }, (_, i) => (i * i) % 251));
    for (const level of [1, 6, 9]) {
      const deflated = Buffer.concat(await deflateOnPool(level)(raw, signal));
      expect(deflated.equals(gzipSync(raw, { level }).subarray(10)), `${level}`).to.equal(true);
    }
    expect(totalBytes(await deflateOnPool(0)(raw, signal))).to.be.above(raw.length);
  });

  it('rejects when its signal aborts, before the start or midway', async () => {
    const abort = new AbortController();
    const midway = deflateOnPool(9)(Buffer.alloc(2 ** 22, 'abcdef'), abort.signal);
    abort.abort();
    const after = deflateOnPool(9)(Buffer.from('x'), abort.signal);
    for (const deflated of [midway, after]) {
      expect(await rejection(deflated)).to.have.property('name', 'AbortError');
    }
  });
});

/** Encodes lines as records of version 2, in blocks of the default size. */
function encodeCorpus(lines: Buffer): Buffer {
  const payloads = lines.toString('utf8').split('\n').filter(Boolean);
  const options = { blockBytes: 128 * 2 ** 10, slabBytes: lines.length + 2 ** 20 };
  return encodeBlocks(
    payloads.map((payload) => ({ payload })),
    options,
  );
}
