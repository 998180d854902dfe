import { join } from 'node:path';

import { expect } from 'chai';

import { Terminal } from '../../lib/command/output/terminal.js';
import { callShoebox } from '../support/call-shoebox.js';
import { runShoebox } from '../support/run-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('the log of shoebox record', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  /** Archives two records, the second of which is a credential, and ships them. */
  async function record(options: readonly string[], env: NodeJS.ProcessEnv) {
    const [directory, to] = [await temporary.make(), await temporary.make()];
    const args = ['record', directory, '--to', to, '--name', 'a.events', ...options];
    const { code, stderr, stdout } = await callShoebox(args, {
      env,
      input: '{}\n{"secret":"s3cr3t"}\nno json\n',
    });
    return { code, directory, stderr, stdout, to };
  }

  const linesOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('is JSON lines of pino if stderr is no terminal, or with --json', async () => {
    for (const [options, env] of [
      [[], { SHOEBOX_LOG_FORMAT: 'auto' }],
      [['--json'], { SHOEBOX_LOG_FORMAT: 'auto' }],
      [['--log-format', 'json'], {}],
    ] as const) {
      const { code, directory, stderr, to } = await record(options, env);
      expect(code, stderr).to.equal(0);
      const lines = linesOf(stderr);
      for (const line of lines) {
        expect(line).to.include({ name: 'shoebox', pid: process.pid });
        expect(new Date(line.time).toISOString()).to.equal(line.time);
      }
      const archive = join(directory, 'a.events');
      const about = lines.map(({ level, event, archive: path }) => [level, event, path]);
      expect(about).to.deep.equal([
        ['info', 'sealed', archive],
        ['info', 'shipped', archive],
        ['info', 'ended', undefined],
        ['warn', undefined, undefined],
      ]);
      expect(lines[1]).to.include({ store: to, key: 'a.events.gz' });
      expect(lines[3].msg).to.match(/^1 line skipped/);
      expect(stderr).to.not.contain('s3cr3t');
    }
  });

  it('has at least the level that is asked for', async () => {
    const json = { SHOEBOX_LOG_FORMAT: 'json' };
    const levels = async (options: readonly string[]) =>
      linesOf((await record(options, json)).stderr).map(({ level }) => level);
    expect(await levels(['--log-level', 'warn'])).to.deep.equal(['warn']);
    expect(await levels(['--quiet'])).to.deep.equal(['warn']);
    expect(await levels(['--log-level', 'debug'])).to.include('debug');
    const quiet = await record(['--log-level', 'warn'], {});
    expect(quiet.stderr).to.match(/^warning: 1 line skipped.*\n$/);
    const wrong = await record(['--log-level', 'loud'], {});
    expect(wrong.code).to.equal(2);
  });

  it('is text with each step for people who ask for it', async () => {
    const { stderr } = await record(['--log-level', 'debug'], {});
    const lines = stderr.split('\n');
    expect(lines[0]).to.equal('opened a.events');
    expect(lines[1]).to.match(/^sealed a\.events: 2 records, \d+ B$/);
    expect(lines[2]).to.match(/^shipped a\.events to \/.*\/a\.events\.gz$/);
    expect(lines[3]).to.equal('2 records in 1 archive');
  });

  it('says why the command fails as a line of JSON, too', async () => {
    const missing = join(await temporary.make(), 'missing');
    const env = { SHOEBOX_LOG_FORMAT: 'auto' };
    const { code, stderr } = await runShoebox(['record', missing], { env, input: '{}\n' });
    const last = linesOf(stderr).at(-1);
    expect([code, last.level]).to.deep.equal([1, 'error']);
    expect(last.msg).to.contain('--create-directory');
  });
});

describe('Terminal', () => {
  it('gives messages to a sink, and what the user asked for at any level', async () => {
    const told: unknown[] = [];
    const { stderr, stdin, stdout } = process;
    const host = { stdin, stdout, stderr, env: {} };
    const terminal = new Terminal(host, { isQuiet: true, isDebug: false });
    terminal.redirect({
      tell: (...args) => told.push(args),
      answer: (text) => told.push(text),
    });
    terminal.note('a', { event: 'x' });
    terminal.warn('b');
    terminal.fail(Object.assign(new Error('c'), { code: 'ENOSPC' }), 'c');
    terminal.answer('d');
    expect(told).to.deep.equal([
      ['info', 'a', { event: 'x' }],
      ['warn', 'b', {}],
      ['error', 'c', { code: 'ENOSPC' }],
      'd',
    ]);
    expect(terminal.level).to.equal('warn');
    terminal.setLevel('debug');
    expect(terminal.level).to.equal('warn');
  });
});
