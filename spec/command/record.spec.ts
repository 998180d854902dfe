import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { startShoebox } from '../support/run-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox record', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function read(directory: string) {
    const records = await createArchiveReader(directory, { allowEmpty: true }).toArray();
    return records.map((each) => [each.text(), { ...each.metadata }]);
  }

  it('archives JSON lines with their metadata and time, and keeps all other lines', async () => {
    const directory = await temporary.make();
    const rejects = join(directory, 'rejects.txt');
    const lines = [
      '{"type":"log\\u0069n","tenant":7,"ts":"2026-11-30T09:00:00Z","big":12345678901234567890}\r',
      '{"type":',
      '',
      '{"type":null,"sub":{"a":[1.0]},"ts":1767225600123}',
      '"text"',
    ];
    const input = Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from([255, 10])]);
    const { code, stderr, stdout } = await callShoebox(
      [
        ...['record', directory, '--name', 'a.events', '--rejects', rejects, '--json'],
        ...['--metadata', 'event=.type,tenant', '--metadata', 'sub=.sub', '--time', '.ts'],
      ],
      { input },
    );
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ type: 'summary', records: 3, skipped: 2, untimed: 1 });
    expect(stderr).to.contain('2 lines skipped').and.to.contain('1 record without a time');
    expect(await read(join(directory, 'a.events'))).to.deep.equal([
      [lines[0], { event: 'login', tenant: '7' }],
      [lines[3], { sub: '{"a":[1.0]}' }],
      [lines[4], {}],
    ]);
    const [first, second] = await createArchiveReader(join(directory, 'a.events')).toArray();
    expect(first?.time?.toISOString()).to.equal('2026-11-30T09:00:00.000Z');
    expect(second?.timeMicros).to.equal(1_767_225_600_123_000);
    expect(await readFile(rejects)).to.deep.equal(
      Buffer.concat([Buffer.from('{"type":\n'), Buffer.from([255, 10])]),
    );
  });

  it('ends at the first bad line with --strict, and keeps those before it', async () => {
    const directory = await temporary.make();
    const { code, stderr } = await callShoebox(['record', directory, '--strict'], {
      input: '{}\n[\n{}\n',
    });
    expect(code).to.equal(1);
    expect(stderr).to.match(/shoebox: payload of a record is not JSON: line 2/);
    expect(await read(directory)).to.deep.equal([['{}', {}]]);
  });

  it('archives lines of any text, blank ones included', async () => {
    const directory = await temporary.make();
    const { code } = await callShoebox(['record', directory, '--input', 'lines'], {
      input: 'a\r\n\nlast',
    });
    expect(code).to.equal(0);
    expect((await read(directory)).map(([payload]) => payload)).to.deep.equal(['a\r', '', 'last']);
  });

  it('archives frames, up to one that is cut or too large', async () => {
    const frame = (payload: string) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(payload.length);
      return Buffer.concat([length, Buffer.from(payload)]);
    };
    const whole = Buffer.concat([frame('a\n'), frame(''), frame('b')]);
    const record = async (input: Buffer) => {
      const directory = await temporary.make();
      const result = await callShoebox(['record', directory, '--input', 'framed'], { input });
      const payloads = (await read(directory)).map(([payload]) => payload);
      return [result.code, payloads, /shoebox: (.*)/.exec(result.stderr)?.[1]];
    };
    const payloads = ['a\n', '', 'b'];
    expect(await record(whole)).to.deep.equal([0, payloads, undefined]);
    expect(await record(Buffer.concat([whole, frame('cd').subarray(0, 5)]))).to.deep.equal([
      ...[1, payloads, 'the input ends within the frame at byte 15'],
    ]);
    expect(await record(Buffer.concat([whole, Buffer.from([4, 0, 0, 1, 1])]))).to.deep.equal([
      ...[1, payloads, 'the frame at byte 15 has 67108865 bytes, expected at most 67108864'],
    ]);
  });

  it('writes no archive for an empty input', async () => {
    const directory = await temporary.make();
    expect((await callShoebox(['record', directory])).code).to.equal(0);
    expect(await readdir(directory)).to.deep.equal([]);
  });

  it('ships to a store and empties the directory, or keeps the archives', async () => {
    for (const keep of [false, true]) {
      const directory = await temporary.make();
      const to = await temporary.make();
      const options = ['--to', to, '--key', 'dt=%Y/[[NAME]]', '--roll', '1KB,5m'];
      const { code } = await callShoebox(
        ['record', directory, ...options, ...(keep ? ['--keep'] : [])],
        { input: `${JSON.stringify({ x: 'x'.repeat(400) })}\n`.repeat(10) },
      );
      expect(code).to.equal(0);
      const local = (await readdir(directory)).filter((name) => name.endsWith('.events'));
      expect(local.length > 1).to.equal(keep);
      expect(await read(to)).to.have.length(10);
    }
  });

  it('compresses archives where they are', async () => {
    const directory = await temporary.make();
    const options = ['--name', 'a.events', '--compression', 'gzip'];
    const { code, stderr } = await callShoebox(['record', directory, ...options], {
      input: '{}\n',
    });
    expect(code, stderr).to.equal(0);
    expect(await readdir(directory)).to.deep.equal(['a.events.gz']);
    expect(await read(directory)).to.have.length(1);
  });

  it('reads to the end of its input after a signal, and exits with 0', async () => {
    const directory = await temporary.make();
    const child = startShoebox(['record', directory, '--json']);
    const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
    child.stdin.write('{"n":1}\n');
    await once(child.stdout, 'readable');
    child.kill('SIGTERM');
    child.stdin.end('{"n":2}\n');
    const [code] = await once(child, 'exit');
    expect(code, await stderr).to.equal(0);
    expect(JSON.parse((await stdout).trimEnd().split('\n').at(-1) ?? '')).to.include({
      records: 2,
    });
    expect(await read(directory)).to.have.length(2);
  });

  it('prints a status line at SIGUSR1, from its first moment on', async () => {
    const directory = await temporary.make();
    const child = startShoebox(['record', directory, '--json']);
    const said = once(child.stderr, 'data');
    child.stdin.write('{"n":1}\n');
    await once(child.stdout, 'readable');
    child.kill('SIGUSR1');
    expect(String(await said)).to.match(/^shoebox: 1 record, \d+\/s, .* written, 0 sealed/);
    child.stdin.end();
    expect(await once(child, 'exit')).to.deep.equal([0, null]);
  });

  it('exits at once at the second signal', async () => {
    const directory = await temporary.make();
    const child = startShoebox(['record', directory, '--json']);
    child.stdin.write('{"n":1}\n');
    await once(child.stdout, 'readable');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect([130, 143]).to.include(code);
  });

  it('refuses options that make no sense together, and a directory that is missing', async () => {
    const directory = await temporary.make();
    const wrong: [options: string[], code: number, message: string][] = [
      [['--input', 'lines', '--time', '.ts'], 2, '--time goes with --input json'],
      [['--input', 'framed', '--metadata', 'a'], 2, '--metadata goes with --input json'],
      [['--strict', '--rejects', 'x'], 2, '--rejects does not go with --strict'],
      [['--roll', 'often'], 2, 'expected a duration such as 5m'],
      [['--metadata', '=x'], 2, 'expected KEY=.path'],
    ];
    for (const [options, code, message] of wrong) {
      const result = await callShoebox(['record', directory, ...options]);
      expect([result.code, result.stderr.includes(message)], result.stderr).to.deep.equal([
        code,
        true,
      ]);
    }
    const missing = await callShoebox(['record', join(directory, 'none')], { input: '{}\n' });
    expect([missing.code, missing.stderr.includes('--create-directory')]).to.deep.equal([1, true]);
    const created = ['record', join(directory, 'none'), '--create-directory', '--quiet'];
    const { code, stderr } = await callShoebox(created, { input: '{}\n' });
    expect([code, stderr]).to.deep.equal([0, '']);
  });
});

describe('shoebox import', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  it('turns what cat prints back into archives', async () => {
    const directory = await temporary.make();
    const [first, second] = [join(directory, 'first'), join(directory, 'second')];
    const input = '{"n":1.50}\ntext\n\u0000\n';
    const options = ['--create-directory', '--input', 'lines'];
    await callShoebox(['record', first, ...options], { input });
    const { stdout } = await callShoebox(['cat', first]);
    const file = join(directory, 'all.jsonl');
    await writeFile(file, stdout);
    expect((await callShoebox(['import', file, second, '--create-directory'])).code).to.equal(0);
    const copy = await callShoebox(['cat', second]);
    const withoutWriter = (lines: string) => lines.replace(/"writer":"\w+"/g, '');
    expect(withoutWriter(copy.stdout)).to.equal(withoutWriter(stdout));
    await writeFile(file, `${stdout}{"n":1}\n`);
    const broken = await callShoebox(['import', file, second]);
    expect([broken.code, /shoebox: .*line 4/.test(broken.stderr)], broken.stderr).to.deep.equal([
      1,
      true,
    ]);
    expect((await callShoebox(['import', file])).code).to.equal(2);
  });
});
