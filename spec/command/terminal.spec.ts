import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import { createArchiveWriter, rollByCount } from '../../lib/index.js';
import { compiled } from '../support/compiled.js';
import { TemporaryDirectories } from '../support/series.js';

const MAIN = new URL('../../lib/command/main.ts', import.meta.url);
const HAS_SCRIPT = spawnSync('script', ['--version']).status === 0;

/** The screen of a terminal after this output: each line as it was last written. */
function screenOf(output: string): string[] {
  return output
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => {
      let shown = '';
      for (const part of line.split('\r')) {
        // Erases the rest of the line, and so all of it.
        const [kept = '', ...rest] = part.split('\x1b[K');
        shown = rest.length > 0 ? rest.join('') : kept + shown.slice(kept.length);
      }
      return shown;
    });
}

/** The status lines: a new one begins where the last one is erased. */
function statusLinesOf(output: string): string[] {
  return output
    .split('\r\x1b[K')
    .map((part) => part.split('\n')[0] ?? '')
    .filter((line) => /^\d+ (?:%|of )/.test(line));
}

describe('shoebox, in a pseudo-terminal', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  /** Runs a command in a terminal of 60 columns. */
  async function runInTerminal(args: readonly string[]) {
    const child = startInTerminal(args);
    child.stdin.end();
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return { code, output };
  }

  function startInTerminal(args: readonly string[]) {
    const words = [process.execPath, fileURLToPath(compiled(MAIN)), ...args];
    const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    return spawn('script', ['-q', '-e', '-c', `stty cols 60; exec ${command}`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NO_COLOR: '1', TERM: 'xterm' },
    });
  }

  it('shows progress on one line, and erases it at the end', async function () {
    if (!HAS_SCRIPT) {
      console.log('    skipped: needs script, which is not installed');
      return this.skip();
    }
    const [directory, to] = [await temporary.make(), await temporary.make()];
    const template = 'a-[[SEQUENCE]].events';
    const writer = createArchiveWriter({ directory, template, roll: rollByCount(2) });
    for (let i = 0; i < 5; i++) writer.write({ payload: String(i) });
    await writer.close();

    const verified = await runInTerminal(['verify', directory]);
    expect(statusLinesOf(verified.output)[0]).to.match(/^\d of 3 archives, \d+ B, .*\/s$/);
    expect(screenOf(verified.output)).to.deep.equal([
      'complete: 3 archives, 5 records, every writer ended',
      '',
    ]);

    const shipped = await runInTerminal(['ship', directory, '--to', to]);
    expect([verified.code, shipped.code]).to.deep.equal([0, 0]);
    const [status = ''] = statusLinesOf(shipped.output);
    expect(status).to.match(/^\d+ %, \d+ B of .* B, .*\/s, .* left {2}/);
    expect(status.length).to.be.at.most(59);
    const screen = screenOf(shipped.output);
    expect(screen.slice(0, 3).map((line) => line.replace(/^.* -> .*\//, ''))).to.deep.equal([
      'a-000000.events.gz',
      'a-000001.events.gz',
      'a-000002.events.gz',
    ]);
    expect(screen[3]).to.match(/^shipped 3 archives, .* in the store$/);
  });

  it('shows how far a recording of a file is, and erases that at Ctrl-C', async function () {
    if (!HAS_SCRIPT) {
      console.log('    skipped: needs script, which is not installed');
      return this.skip();
    }
    const [directory, logs] = [await temporary.make(), await temporary.make()];
    const path = join(logs, 'a.log');
    await writeFile(path, 'a\nb\nc\n');
    const options = ['--file', path, '--input', 'lines', '--name', 'a.events'];
    const child = startInTerminal(['record', directory, ...options]);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      // The terminal sends SIGINT to the command.
      if (!child.stdin.writableEnded && /3 records, [\d,]+\/s, .* {2}a\.events/.test(output))
        child.stdin.end('\x03');
    });
    const [code] = await once(child, 'close');
    expect(code, output).to.equal(0);
    expect(screenOf(output).map((line) => line.replace('^C', ''))).to.deep.equal([
      '3 records in 1 archive',
      '',
    ]);
  });
});
