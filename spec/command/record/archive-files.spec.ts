import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { verifyArchives } from '../../../lib/index.js';
import { callShoebox } from '../../support/call-shoebox.js';
import { FollowedLog, linesOf, numbered } from '../../support/followed-log.js';
import { TemporaryDirectories } from '../../support/series.js';

describe('shoebox record --file', () => {
  const temporary = new TemporaryDirectories();
  let log: FollowedLog;
  let path: string;
  beforeEach(async () => {
    const directory = await temporary.make();
    log = new FollowedLog(await temporary.make());
    path = join(directory, 'app.log');
  });
  afterEach(() => temporary.remove());

  /** Lets a file look as if its program had left it. */
  async function settle(file: string): Promise<void> {
    const { mtimeMs } = await stat(file);
    await utimes(file, mtimeMs / 1000 - 10, mtimeMs / 1000 - 10);
  }

  it('archives each line once across starts, by its number', async () => {
    await writeFile(path, linesOf('a', 1, 3));
    expect((await log.record(path)).code).to.equal(0);
    await appendFile(path, linesOf('a', 4, 5));
    expect((await log.record(path)).code).to.equal(0);
    expect((await log.record(path)).code).to.equal(0);
    expect(await log.lines()).to.deep.equal([numbered('a', 1, 5)]);
    const { problems } = await verifyArchives(log.archives);
    expect(problems).to.deep.equal([]);
  });

  it('lets a line wait for its line feed, also across starts', async () => {
    await writeFile(path, 'a 1\na');
    await log.record(path);
    expect(await log.lines()).to.deep.equal([['1 a 1']]);
    await appendFile(path, ' 2');
    await log.record(path);
    await appendFile(path, '\r\n\n');
    await log.record(path);
    expect(await log.lines()).to.deep.equal([['1 a 1', '2 a 2\r', '3 ']]);
  });

  it('counts blank and malformed lines of JSON, and keeps malformed ones once', async () => {
    const rejects = join(await temporary.make(), 'rejects');
    const json = ['--input', 'json', '--rejects', rejects, '--time', '.t', '--metadata', 'k'];
    log = new FollowedLog(log.archives, json);
    await writeFile(path, '{"t":1,"k":"x"}\n\nbad\n{"t":2}\nworse\n');
    const first = await log.record(path);
    expect(first.stderr).to.contain('2 lines skipped');
    await appendFile(path, '{"t":3}\n[1\n');
    expect((await log.record(path)).stderr).to.contain('1 line skipped');
    const lines = ['1 {"t":1,"k":"x"}', '4 {"t":2}', '6 {"t":3}'];
    expect(await log.lines()).to.deep.equal([lines]);
    expect(await readFile(rejects, 'utf8')).to.equal('bad\nworse\n[1\n');
  });

  it('seals what came before a malformed line with --strict, and names file and line', async () => {
    log = new FollowedLog(log.archives, ['--input', 'json', '--strict']);
    await writeFile(path, '{}\n{}\n{\n{}\n');
    for (let start = 0; start < 2; start++) {
      const { code, stderr } = await log.record(path);
      expect([code, stderr.includes(`${path}: `), /line 3/.test(stderr)], stderr).to.deep.equal([
        ...[1, true, true],
      ]);
    }
    expect(await log.lines()).to.deep.equal([['1 {}', '2 {}']]);
  });

  it('reads a renamed file to its end, and the new one after it', async () => {
    await writeFile(path, linesOf('a', 1, 3));
    await log.record(path);
    await appendFile(path, linesOf('a', 4, 6));
    await rename(path, `${path}.1`);
    await writeFile(path, linesOf('b', 1, 2));
    await log.record(path);
    expect(await log.lines()).to.deep.equal([numbered('a', 1, 6), numbered('b', 1, 2)]);
    await appendFile(`${path}.1`, 'late\n');
    await log.record(path);
    expect((await log.lines())[0]).to.deep.equal([...numbered('a', 1, 6), '7 late']);
  });

  it('archives a file that came and was rotated between two starts', async () => {
    await writeFile(`${path}.1`, linesOf('old', 1, 3));
    await writeFile(path, linesOf('a', 1, 3));
    await log.record(path);
    await rename(path, `${path}.2`);
    await writeFile(join(path, '..', 'app-20261130.log'), linesOf('b', 1, 3));
    await settle(join(path, '..', 'app-20261130.log'));
    await writeFile(join(path, '..', 'app.log-error'), linesOf('other', 1, 3));
    await writeFile(path, linesOf('c', 1, 3));
    for (let start = 0; start < 2; start++) await log.record(path);
    expect(await log.lines()).to.have.deep.members([
      ...[numbered('a', 1, 3), numbered('b', 1, 3), numbered('c', 1, 3)],
    ]);
  });

  it('takes a file with the inode and the first KiB of another one for a new one', async () => {
    const head = `${'x'.repeat(1100)}\n`;
    const contents = ['a', 'b', 'c'].map((word) => head + linesOf(word, 2, 4));
    const inodes = new Set<number>();
    for (const content of [...contents, head]) {
      // The system gives the inode of a file that is gone to another one; so does this.
      await writeFile(path, content);
      inodes.add((await stat(path)).ino);
      await log.record(path);
    }
    expect(inodes.size).to.equal(1);
    const all = [...contents, head].map((content) =>
      content
        .split('\n')
        .slice(0, -1)
        .map((line, i) => `${i + 1} ${line}`),
    );
    expect(await log.lines()).to.have.deep.members(all);
    const { problems } = await verifyArchives(log.archives);
    expect(problems).to.deep.equal([]);
  });

  it('reads what copytruncate has copied, and then the file from its start', async () => {
    await writeFile(path, linesOf('a', 1, 3));
    await log.record(path);
    await appendFile(path, linesOf('a', 4, 6));
    await copyFile(path, `${path}.1`);
    await truncate(path);
    await writeFile(path, linesOf('b', 1, 2));
    for (let start = 0; start < 2; start++) {
      const { stderr } = await log.record(path);
      expect(stderr).not.to.contain('missed');
    }
    expect(await log.lines()).to.deep.equal([numbered('a', 1, 6), numbered('b', 1, 2)]);
  });

  it('does not archive the copy of a file that a glob matches, nor compressed files', async () => {
    await writeFile(path, linesOf('a', 1, 300));
    await writeFile(`${path}.2.gz`, gzipSync(linesOf('old', 1, 3)));
    await log.record(`${path}*`);
    await copyFile(path, `${path}.1`);
    await appendFile(path, linesOf('a', 301, 301));
    for (let start = 0; start < 2; start++) await log.record(`${path}*`);
    expect(await log.lines()).to.deep.equal([numbered('a', 1, 301)]);
  });

  it('reports what is gone or compressed, with the bytes known', async () => {
    await writeFile(path, linesOf('a', 1, 3));
    await log.record(path);
    await appendFile(path, linesOf('a', 4, 6));
    await writeFile(`${path}.1.gz`, gzipSync(await readFile(path)));
    await unlink(path);
    await writeFile(path, linesOf('b', 1, 2));
    const { code, stderr } = await log.record(path);
    expect(code).to.equal(0);
    expect(stderr).to.contain(`missed: 12 B of ${path} from line 4 on: it is compressed`);
    await writeFile(`${path}.2.gz`, gzipSync('never seen\n'));
    await settle(`${path}.2.gz`);
    expect((await log.record(path)).stderr).to.contain(`missed: 11 B of ${path}.2.gz from line 1`);
    expect((await log.record(path)).stderr).not.to.contain('missed');
    const state = await log.state();
    state.files.at(-1).size = 100;
    await writeFile(join(log.archives, '.shoebox-files.json'), JSON.stringify(state));
    await unlink(path);
    await writeFile(path, linesOf('c', 1, 1));
    const gone = await callShoebox([
      ...['record', log.archives, '--file', path, '--input', 'lines', '--no-follow', '--json'],
    ]);
    const [missed, summary] = gone.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(missed).to.deep.equal({ type: 'missed', path, line: 3, bytes: 92, reason: 'gone' });
    expect(summary).to.include({ type: 'summary', records: 1, missedBytes: 92 });
    const lines = [numbered('a', 1, 3), numbered('b', 1, 2), numbered('c', 1, 1)];
    expect(await log.lines()).to.deep.equal(lines);
  });

  it('says nothing about files that were compressed after they were read', async () => {
    await writeFile(path, linesOf('a', 1, 300));
    await log.record(path);
    await rename(path, `${path}.1`);
    await writeFile(path, linesOf('b', 1, 2));
    await log.record(path);
    await writeFile(`${path}.1.gz`, gzipSync(await readFile(`${path}.1`)));
    await unlink(`${path}.1`);
    for (let start = 0; start < 2; start++) {
      expect((await log.record(path)).stderr).not.to.contain('missed');
    }
  });

  it('believes neither the position that it has kept nor its numbers', async () => {
    // Any line could be taken for any other one.
    await writeFile(path, 'a\n'.repeat(1000));
    await log.record(path);
    const good = await log.state();
    const changes = [{ line: 1500 }, { offset: 1000 }, { line: 0, offset: 0 }, { check: 'x' }];
    for (const [i, change] of changes.entries()) {
      const state = structuredClone(good);
      Object.assign(state.files[0].checkpoint, change);
      await writeFile(join(log.archives, '.shoebox-files.json'), JSON.stringify(state));
      await appendFile(path, 'b\n');
      await log.record(path);
      const [lines = []] = await log.lines();
      expect(lines.slice(999), JSON.stringify(change)).to.deep.equal([
        '1000 a',
        ...Array.from({ length: i + 1 }, (_, at) => `${1001 + at} b`),
      ]);
    }
  });

  it('continues without its state, and sets aside one that it cannot read', async () => {
    await writeFile(path, linesOf('line', 1, 200));
    const state = join(log.archives, '.shoebox-files.json');
    await log.record(path);
    for (const [i, damage] of [() => rm(state), () => writeFile(state, '{}')].entries()) {
      await damage();
      await appendFile(path, linesOf('line', 201 + i, 201 + i));
      const { stderr } = await log.record(path);
      expect(stderr.includes('cannot be read')).to.equal(i === 1);
    }
    expect(await log.lines()).to.deep.equal([numbered('line', 1, 202)]);
    expect((await readdir(log.archives)).filter((name) => name.includes('damaged'))).to.have.length(
      1,
    );
  });

  it('continues after what only the store has, though state and archives are lost', async () => {
    const store = await temporary.make();
    log = new FollowedLog(log.archives, ['--to', store]);
    await writeFile(path, linesOf('line', 1, 200));
    await log.record(path);
    await rm(log.archives, { recursive: true });
    await mkdir(log.archives);
    await appendFile(path, linesOf('line', 201, 203));
    await log.record(path);
    expect(await log.lines(store)).to.deep.equal([numbered('line', 1, 203)]);
  });

  it('follows several files, names with odd characters, and one file by two names', async () => {
    const directory = await temporary.make();
    const names = ['-a b[1].log', 'line\nfeed*.log', 'x.log'];
    for (const name of names)
      await writeFile(join(directory, name), linesOf(name.slice(0, 2), 1, 2));
    const { code, stderr } = await log.record(
      ...[join(directory, names[0] ?? ''), join(directory, '*.log'), join(directory, 'x.log')],
    );
    expect(code, stderr).to.equal(0);
    const expected = names.map((name) => [1, 2].flatMap((n) => [`${n} ${name.slice(0, 2)} ${n}`]));
    expect(await log.lines()).to.have.deep.members(expected);
  });

  it('writes no archive for an empty file, and none for a file without a whole line', async () => {
    await writeFile(path, '');
    await log.record(path);
    await writeFile(path, 'begun');
    await log.record(path);
    expect((await readdir(log.archives)).filter((name) => !name.startsWith('.'))).to.deep.equal([]);
    await appendFile(path, '\n');
    await log.record(path);
    expect(await log.lines()).to.deep.equal([['1 begun']]);
  });

  it('refuses what makes no sense, and says what is missing', async () => {
    const wrong: [args: string[], code: number, message: string][] = [
      [['--no-follow'], 2, '--no-follow goes with --file'],
      [['--file', path, '--input', 'framed'], 2, '--file goes with --input json or lines'],
      [['--file', path, '--no-follow'], 1, `nothing matches ${path}`],
      [['--file', `${path}*`, '--no-follow'], 1, `nothing matches ${path}*`],
      [['--file', log.archives, '--no-follow'], 1, 'is no regular file: give its content to stdin'],
    ];
    for (const [args, code, message] of wrong) {
      const result = await callShoebox(['record', log.archives, ...args]);
      expect([result.code, result.stderr.includes(message)], result.stderr).to.deep.equal([
        ...[code, true],
      ]);
    }
    const missing = join(log.archives, 'none');
    await writeFile(path, 'a\n');
    const refused = await new FollowedLog(missing).record(path);
    expect([refused.code, refused.stderr.includes('--create-directory')]).to.deep.equal([1, true]);
    const created = await new FollowedLog(missing, ['--create-directory']).record(path);
    expect([created.code, await readdir(missing)].flat()).to.have.length(3);
  });
});
