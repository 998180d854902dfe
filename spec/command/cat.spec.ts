import { once } from 'node:events';
import { appendFile, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { describeError } from '../../lib/command/output/describe-error.js';
import { ArchiveError, createArchiveWriter, type RecordInput } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { runShoebox, startShoebox } from '../support/run-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox cat', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function archive(records: readonly RecordInput[]): Promise<string> {
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory, template: 'a.events' });
    for (const record of records) writer.write(record);
    await writer.close();
    return directory;
  }

  const time = (minute: number) => new Date(Date.UTC(2026, 10, 30, 9, minute));
  const records: RecordInput[] = [
    { payload: '{"n":1.50}', time: time(0), metadata: { event: 'login', tenant: 'a' } },
    { payload: 'text', time: time(1), metadata: { event: 'login', tenant: 'b' } },
    { payload: Buffer.from([255, 0]), time: time(2), metadata: { event: 'logout', tenant: 'a' } },
  ];

  it('prints lossless JSON lines of a directory, a glob or a file', async () => {
    const directory = await archive(records);
    for (const pattern of [directory, `${directory}/*.events`, `${directory}/a.events`]) {
      const { code, stderr, stdout } = await callShoebox(['cat', pattern]);
      expect([code, stderr]).to.deep.equal([0, '']);
      const lines = stdout.trimEnd().split('\n');
      expect(lines).to.have.length(3);
      expect(lines[0]).to.match(
        /^\{"time":"2026-11-30T09:00:00\.000000Z","writer":"[0-9a-f]{16}",/,
      );
      expect(lines[0]).to.contain('"payload":{"n":1.50}}');
      expect(lines[1]).to.contain('"payloadText":"text"}');
      expect(lines[2]).to.contain('"payloadBase64":"/wA="}');
    }
  });

  it('prints payloads, metadata or bytes', async () => {
    const directory = await archive(records.slice(0, 2));
    const printed = async (format: string) =>
      (await callShoebox(['cat', directory, '--format', format])).stdout;
    expect(await printed('payload')).to.equal('{"n":1.50}\ntext\n');
    expect(await printed('metadata')).to.equal(
      '{"event":"login","tenant":"a"}\n{"event":"login","tenant":"b"}\n',
    );
    expect(await printed('hex')).to.match(
      /^# \w{16} 0 2026.*\n00000000 {2}7b 22 6e .*\|\{"n":1\.50\}\|\n/,
    );
  });

  it('merges writers by time with --order merged, and refuses another order', async () => {
    const directory = await temporary.make();
    for (const first of [0, 1]) {
      const writer = createArchiveWriter({ directory, template: `${first}.events` });
      for (const minute of [first, first + 2]) {
        writer.write({ payload: String(minute), time: time(minute) });
      }
      await writer.close();
    }
    const printed = async (...args: string[]) =>
      (await callShoebox(['cat', directory, '--format', 'payload', ...args])).stdout;
    expect(await printed()).to.equal('0\n2\n1\n3\n');
    expect(await printed('--order', 'merged')).to.equal('0\n1\n2\n3\n');
    expect((await callShoebox(['cat', directory, '--order', 'date'])).code).to.equal(2);
  });

  it('says which option reads objects whose names contradict the order', async () => {
    const message = "record 0 comes after record 19 in the order of names: read with order: 'time'";
    expect(await describeError(new ArchiveError('ERR_ARCHIVE_ORDER', message))).to.match(
      /: read with --order time$/,
    );
  });

  it('names the archive and the byte of each record with --with-origin', async () => {
    const directory = await archive(records.slice(0, 2));
    const path = join(directory, 'a.events');
    const second = 'z'.repeat(70_000);
    await appendFile(join(directory, 'b.jsonl'), `"first"\n"${second}"\n"third"\n`);
    const printed = async (format: string) => {
      const args = ['cat', directory, '--format', format, '--with-origin'];
      const { code, stderr, stdout } = await callShoebox(args);
      expect([code, stderr]).to.deep.equal([0, '']);
      return stdout.split('\n').slice(0, -1);
    };
    const lines = join(directory, 'b.jsonl');
    const origins = [`${lines} 0`, `${lines} 8`, `${lines} 70011`, ...Array(2).fill(`${path} 0`)];
    const json = (await printed('json')).map((line) => JSON.parse(line));
    expect(json.map(({ archive, offset }) => `${archive} ${offset}`)).to.deep.equal(origins);
    const csv = await printed('csv');
    expect(csv[0]).to.match(/^archive,offset,time,/);
    expect(csv[2]?.startsWith(`${lines},8,`)).to.equal(true);
    const payloads = await printed('payload');
    expect(payloads[2]).to.equal(`${lines}:70011: "third"`);
    expect((await printed('metadata'))[3]).to.match(/\/a\.events:0: \{"event":"login"/);
    expect((await printed('hex'))[0]).to.equal(`# ${lines}:0:  {}`);
  });

  it('selects by time, metadata and count', async () => {
    const directory = await archive(records);
    const selected = async (...options: string[]) => {
      const { code, stderr, stdout } = await callShoebox(['cat', directory, ...options]);
      expect([code, stderr], options.join(' ')).to.deep.equal([0, '']);
      return stdout.split('\n').flatMap((line) => {
        const [, sequence] = /"sequence":(\d+)/.exec(line) ?? [];
        return sequence === undefined ? [] : [Number(sequence)];
      });
    };
    expect(await selected('--since', '2026-11-30T09:01Z')).to.deep.equal([1, 2]);
    expect(await selected('--until', '2026-11-30 09:01')).to.deep.equal([0]);
    expect(await selected('--since', '2026-11-30T10:01:30+01:00')).to.deep.equal([2]);
    expect(await selected('--since', '-1h', '--until', 'now')).to.deep.equal([]);
    expect(await selected('--where', 'event=login', '--where', 'tenant=b')).to.deep.equal([1]);
    expect(await selected('--where', 'tenant=a', '--where', 'tenant=b')).to.deep.equal([0, 1, 2]);
    expect(await selected('--where', 'event=/^LOG(in|off)$/i')).to.deep.equal([0, 1]);
    expect(await selected('--where', 'event=')).to.deep.equal([]);
    expect(await selected('--limit', '2')).to.deep.equal([0, 1]);
    expect(await selected('--limit', '0')).to.deep.equal([]);
  });

  it('continues after a cursor, or where the last run with a file ended', async () => {
    const directory = await archive(records);
    const file = join(await temporary.make(), 'position');
    const printed = async (...options: string[]) => {
      const { code, stderr, stdout } = await callShoebox(['cat', directory, ...options]);
      expect([code, stderr]).to.deep.equal([0, '']);
      return stdout.split('\n').length - 1;
    };
    expect(await printed('--cursor-file', file, '--limit', '2')).to.equal(2);
    const cursor = await readFile(file, 'utf8');
    expect(cursor).to.match(/^1\.\S+\n$/);
    expect(await printed('--after', cursor.trim())).to.equal(1);
    expect(await printed('--cursor-file', file)).to.equal(1);
    expect(await printed('--cursor-file', file)).to.equal(0);
    for (const options of [
      ['--after', '1.x'],
      ['--after', cursor.trim(), '--cursor-file', file],
    ]) {
      const { code, stderr } = await callShoebox(['cat', directory, ...options]);
      expect(code, stderr).to.equal(2);
    }
  });

  it('leaves the cursor as it is if stdout is closed before everything was printed', async () => {
    const directory = await archive(
      Array.from({ length: 3000 }, () => ({ payload: 'x'.repeat(1000) })),
    );
    const file = join(directory, 'position');
    const child = startShoebox(['cat', directory, '--cursor-file', file]);
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await once(child, 'exit')).to.deep.equal([0, null]);
    expect(await readdir(directory)).to.deep.equal(['a.events']);
  });

  it('prints what comes before damage, and exits with 1', async () => {
    const directory = await archive(records);
    const path = join(directory, 'a.events');
    const bytes = await readFile(path);
    await writeFile(path, Buffer.concat([bytes, Buffer.alloc(100, 1)]));
    const strict = await callShoebox(['cat', directory]);
    expect(strict.code).to.equal(1);
    expect(strict.stdout.split('\n')).to.have.length(4);
    expect(strict.stderr).to.match(/^shoebox: .*a\.events/);
    expect(strict.stderr.split('\n')).to.have.length(2);
    const skipping = await callShoebox(['cat', directory, '--skip-damaged']);
    expect([skipping.code, skipping.stdout]).to.deep.equal([0, strict.stdout]);
    expect(skipping.stderr).to.match(/^warning: .*a\.events: skipped bytes \d+ to \d+/);
    const { stderr } = await callShoebox(['cat', directory, '--debug']);
    expect(stderr).to.contain('    at ');
  });

  it('takes a reader of stdout that has read enough for success', async () => {
    const directory = await archive(
      Array.from({ length: 3000 }, () => ({ payload: 'x'.repeat(1000) })),
    );
    const child = startShoebox(['cat', directory]);
    child.stdout.once('data', () => child.stdout.destroy());
    const errors: string[] = [];
    child.stderr.on('data', (chunk) => errors.push(String(chunk)));
    expect([await once(child, 'exit'), errors]).to.deep.equal([[0, null], []]);
  });

  it('takes the name of a file as it is, with wildcards and a dash in it', async () => {
    const directory = await archive(records);
    await rename(join(directory, 'a.events'), join(directory, '-[a]* .events'));
    const { code, stdout } = await runShoebox(['cat', '--limit', '1', '--', '-[a]* .events'], {
      cwd: directory,
    });
    expect([code, stdout.split('\n').length]).to.deep.equal([0, 2]);
  });

  it('says what is there if nothing matches', async () => {
    const directory = await archive(records);
    const call = { cwd: directory };
    const misspelt = await runShoebox(['cat', '*.evnts'], call);
    expect(misspelt).to.deep.equal({
      code: 1,
      stdout: '',
      stderr: 'shoebox: nothing matches *.evnts\n./ holds 1 *.events: did you mean *.events?\n',
    });
    const elsewhere = await runShoebox(['cat', 'none/*.events'], call);
    expect(elsewhere.stderr).to.equal(
      'shoebox: nothing matches none/*.events\nthere is no directory none\n',
    );
  });
});
