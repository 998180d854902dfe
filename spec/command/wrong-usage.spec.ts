import { mkdir, open, readdir, readFile, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveWriter } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox, used wrongly', () => {
  const temporary = new TemporaryDirectories();
  let directory: string;
  let output: string;

  before(async () => {
    [directory, output] = [await temporary.make(), await temporary.make()];
    const writer = createArchiveWriter({ directory, template: 'a.events' });
    for (const path of ['/api/users', '/api/', 'users']) {
      writer.write({ payload: 'x', metadata: { path } });
    }
    await writer.close();
    await writeFile(join(output, 'file'), 'text');
    await writeFile(join(output, 'empty'), '');
    await writeFile(join(output, 'bom'), '\ufeff{"json":true}');
    await writeFile(join(output, 'utf-16'), Buffer.from('\ufeff{}', 'utf16le'));
    await symlink('/dev/null', join(output, 'device'));
  });
  after(() => temporary.remove());

  it('exits with 2 for values that the library refuses, before any work', async () => {
    const wrong: [args: string[], message: RegExp][] = [
      [['record', output, '--name', '[[BOGUS]]'], /template "\[\[BOGUS]]" has the token/],
      [['record', output, '--name', '[[X]]', '--file', 'x'], /template "\[\[X]]" has the token/],
      [['record', output, '--index', 'a,a'], /index\[1] is "a" once more/],
      [['record', output, '--to', 's3://'], /url of a store is "s3:\/\/"/],
      [['record', output, '--time', 'ts'], /time is "ts", expected a path/],
      [['record', output, '--time', 'ts', '--file', 'x'], /time is "ts", expected a path/],
      [['record', output, '--metadata', 'a=.b[0]'], /metadata\.a is "\.b\[0]", expected a path/],
      [['record', output, '--metadata', 'a,a=.b'], /--metadata has a twice/],
      [['serve', output, '--to', 'http://x'], /store "http:\/\/x" is of an unknown kind/],
      [['import', 'x', output, '--to', 'http://x'], /store "http:\/\/x" is of an unknown kind/],
      [['ls', ''], /pattern is ''/],
      [['stat', 's3://'], /url of a store is "s3:\/\/"/],
      [['tail', ''], /pattern is ''/],
      [['cat', '!(x)'], /^shoebox: pattern "!\(x\)" has !/],
      [['ls', '!(x)'], /^shoebox: pattern "!\(x\)" has !/],
      [['stat', '!(x)'], /^shoebox: pattern "!\(x\)" has !/],
      [['ship', '!(x)', '--to', output], /pattern "!\(x\)" has !/],
      [['report', '!(x)', '-o', join(output, 'x')], /pattern "!\(x\)" has !/],
      [['export', '!(x)', '--format', 'csv', '-o', join(output, 'x')], /pattern "!\(x\)" has !/],
      [
        ['record', output, '--file', 'x', '--partition', 'a'],
        /give each group of files its own DIR/,
      ],
      [['serve', output, '--token-file', output], /--token-file \S+ cannot be read: EISDIR/],
      [['serve', output, '--tls-cert', 'no', '--tls-key', 'no'], /--tls-cert no cannot be read/],
      [['ls', directory, '--config', join(output, 'utf-16')], /utf-16 is not UTF-8: save it/],
      [['verify', ''], /pattern is ''/],
      [['report', '', '-o', join(output, 'x')], /pattern is ''/],
      [['export', '', '--format', 'csv', '-o', join(output, 'x')], /pattern is ''/],
      [
        ['export', directory, '--format', 'parquet', '--partition', 'day', '--columns', 'x'].concat(
          ['-o', join(output, 'x')],
        ),
        /columns has "x", expected/,
      ],
      [['cat', directory, '--since', '2026-02-30'], /--since is "2026-02-30": expected a time/],
      [
        ['cat', directory, '--cursor-file', join(output, 'empty')],
        /the file \S+empty holds "", expected a cursor/,
      ],
      [
        ['replay', directory, '--to', 'http://x', '--header', 'A: b', '--header', 'A secret'],
        /\*\*\*/,
      ],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr, stdout } = await callShoebox(args, { input: '{}\n' });
      expect([code, stdout], args.join(' ') + stderr).to.deep.equal([2, '']);
      expect(stderr, args.join(' ')).to.match(message).and.not.contain('secret');
      expect(stderr).to.not.contain('0 records');
    }
    expect(await readdir(output)).to.have.members(['bom', 'device', 'empty', 'file', 'utf-16']);
  });

  it('replaces no directory and no device by an output', async () => {
    for (const name of ['device', '.']) {
      const path = join(output, name);
      for (const words of [['export', '--format', 'csv'], ['report']]) {
        const { code, stderr } = await callShoebox([...words, directory, '-o', path, '--force']);
        expect([code, stderr.split('\n')[0]]).to.deep.equal([
          2,
          `shoebox: ${path} is there, and is not a file`,
        ]);
      }
    }
  });

  it('says which directory of an output is missing, before it reads', async () => {
    const archive = join(directory, 'a.events');
    const position = ['--cursor-file', join(output, 'no', 'x')];
    const commands: [args: string[], problem: string][] = [
      [
        ['export', directory, '--format', 'csv', '-o', join(output, 'no', 'x')],
        'no does not exist',
      ],
      [['report', directory, '-o', join(output, 'file', 'x')], 'file is not a directory'],
      [['repair', archive, '-o', join(output, 'no', 'x')], 'no does not exist'],
      [['fetch', directory, join(output, 'file')], 'file is not a directory'],
      [
        ['export', directory, '--format', 'parquet', '--partition', 'day'].concat([
          '-o',
          join(output, 'file'),
        ]),
        'file is not a directory',
      ],
      [['cat', directory, ...position], 'no does not exist'],
      [['replay', directory, '--to', 'http://127.0.0.1:9', ...position], 'no does not exist'],
      [['import', archive, join(output, 'no')], 'no does not exist: give --create-directory'],
      [['serve', join(output, 'no')], 'no does not exist: give --create-directory'],
      [['serve', join(output, 'file')], 'file is not a directory'],
      [['record', output, '--rejects', join(output, 'no', 'x')], 'no does not exist'],
      [['record', output, '--rejects', output], 'it is a directory'],
    ];
    for (const [args, problem] of commands) {
      const { code, stderr, stdout } = await callShoebox(args);
      expect([code, stdout], args.join(' ')).to.deep.equal([1, '']);
      expect(stderr, args.join(' '))
        .to.match(/^shoebox: .*\n$/)
        .and.contain(problem);
    }
  });

  it('says before it listens or reads that DIR cannot be written', async () => {
    const closed = join(output, 'closed');
    await mkdir(closed, { mode: 0o500 });
    const { code, stderr } = await callShoebox(['record', closed]);
    await rmdir(closed);
    // root writes everywhere.
    const isRoot = process.getuid?.() === 0;
    expect(code).to.equal(isRoot ? 0 : 1);
    const problem = `shoebox: directory ${closed} cannot be written: permission denied\n`;
    if (!isRoot) expect(stderr).to.contain(problem);
  });

  it('archives no directory', async () => {
    const opened = await open(directory);
    const stdin = { fd: opened.fd };
    const { code, stderr } = await callShoebox(['record', output], { stdin });
    await opened.close();
    expect(code).to.equal(1);
    expect(stderr).to.match(/^shoebox: stdin is a directory/m);
    const imported = await callShoebox(['import', directory, output]);
    expect(imported.code).to.equal(1);
    expect(imported.stderr).to.contain(`shoebox: ${directory} is a directory, expected`);
  });

  it('reads a configuration file that begins with a byte order mark', async () => {
    const { stdout } = await callShoebox(['ls', directory, '--config', join(output, 'bom')]);
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).to.include({ type: 'archive' });
  });

  it('says that there is no file to repair, also with --dry-run', async () => {
    const args = ['repair', 's3://bucket/a.events', '-o', join(output, 'x'), '--dry-run'];
    const { code, stderr } = await callShoebox(args);
    expect([code, stderr]).to.deep.equal([
      1,
      'shoebox: there is no file s3://bucket/a.events: get it with shoebox fetch\n',
    ]);
  });

  it('takes a path after --where for a value, not for an expression with flags', async () => {
    const find = async (where: string) => {
      const args = ['cat', directory, '--format', 'metadata', '--where', where];
      return (await callShoebox(args)).stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line).path);
    };
    expect(await find('path=/api/users')).to.deep.equal(['/api/users']);
    expect(await find('path=/USERS/i')).to.deep.equal(['/api/users', 'users']);
    expect(await find('path=/api/')).to.deep.equal(['/api/users', '/api/']);
  });

  it('takes the content of a cursor file for --after, with its line feed', async () => {
    const file = join(output, 'position');
    await callShoebox(['cat', directory, '--limit', '2', '--cursor-file', file]);
    const after = await readFile(file, 'utf8');
    await rm(file);
    const { stdout } = await callShoebox([
      'cat',
      directory,
      '--after',
      after,
      '--format',
      'metadata',
    ]);
    expect(stdout).to.equal('{"path":"users"}\n');
  });

  it('shows no header of requests', async () => {
    const args = [
      'replay',
      directory,
      '--header',
      'Authorization: Bearer secret',
      '--print-config',
    ];
    const { stdout } = await callShoebox(args);
    expect(stdout).to.contain('header\tAuthorization: ***\t--header\n').and.not.contain('secret');
  });
});
