import { once } from 'node:events';
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  rename,
  rm,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect } from 'chai';

import { FollowedLog, FollowingRun, linesOf, numbered } from '../../support/followed-log.js';
import { startShoebox } from '../../support/run-shoebox.js';
import { TemporaryDirectories } from '../../support/series.js';

describe('shoebox record --file, while files change', () => {
  const temporary = new TemporaryDirectories();
  let log: FollowedLog;
  let path: string;
  beforeEach(async () => {
    log = new FollowedLog(await temporary.make());
    path = join(await temporary.make(), 'app.log');
  });
  afterEach(() => temporary.remove());

  it('waits for a file, and reads what is appended, renamed and begun again', async () => {
    const run = new FollowingRun(log.archives, { file: [path] });
    await run.until(`waiting for ${path}`);
    await writeFile(path, linesOf('a', 1, 3));
    await log.until(3);
    await rename(path, `${path}.1`);
    await appendFile(`${path}.1`, linesOf('a', 4, 5));
    await log.until(5);
    await writeFile(path, linesOf('b', 1, 2));
    await log.until(7);
    await appendFile(`${path}.1`, linesOf('a', 6, 6));
    await log.until(8);
    expect(await run.stop(), run.said).to.equal(0);
    expect(await log.lines()).to.have.deep.members([numbered('a', 1, 6), numbered('b', 1, 2)]);
    expect(run.said).not.to.contain('missed');
  });

  it('reads files that are renamed and begun again between two looks', async () => {
    await writeFile(path, linesOf('a', 1, 2));
    const run = new FollowingRun(log.archives, { file: [path] });
    await log.until(2);
    // Each of them may exist for less than the time between two looks.
    for (const [i, word] of ['b', 'c', 'd'].entries()) {
      await utimes(path, 1, 1);
      await rename(path, `${path}.${9 - i}`);
      await writeFile(path, linesOf(word, 1, 2));
    }
    await log.until(8);
    expect(await run.stop(), run.said).to.equal(0);
    const expected = ['a', 'b', 'c', 'd'].map((word) => numbered(word, 1, 2));
    expect(await log.lines()).to.have.deep.members(expected);
  });

  it('reads the rest of a file that was copied and truncated from the copy', async () => {
    await writeFile(path, linesOf('a', 1, 300));
    const run = new FollowingRun(log.archives, { file: [path] });
    await log.until(300);
    for (const [i, word] of ['b', 'c', 'd'].entries()) {
      await appendFile(path, linesOf('more', 1, 20));
      await copyFile(path, `${path}.${9 - i}`);
      await utimes(`${path}.${9 - i}`, 1 + i, 1 + i);
      await truncate(path);
      await appendFile(path, linesOf(word, 1, 300));
    }
    await log.until(4 * 300 + 3 * 20);
    expect(await run.stop(), run.said).to.equal(0);
    const more = linesOf('more', 1, 20).trimEnd().split('\n');
    const expected = ['a', 'b', 'c', 'd'].map((word) => {
      const rest = word === 'd' ? [] : more.map((line, i) => `${301 + i} ${line}`);
      return [...numbered(word, 1, 300), ...rest];
    });
    expect(await log.lines()).to.have.deep.members(expected);
    expect(run.said).not.to.contain('missed');
  });

  it('reports what was truncated without a copy, and reads a removed file to its end', async () => {
    await writeFile(path, linesOf('a', 1, 3));
    const run = new FollowingRun(log.archives, { file: [path] });
    await log.until(3);
    await writeFile(path, 'b 1\n');
    await log.until(4);
    expect(run.said).to.contain(`${path} was truncated after its line 3`);
    await unlink(path);
    await writeFile(path, 'c 1\nbegun');
    await log.until(5);
    await unlink(path);
    await run.until('missed');
    expect(run.said).to.contain(`missed: 5 B of ${path} from line 2 on: it is gone`);
    expect(await run.stop()).to.equal(0);
    expect(await log.lines()).to.have.deep.members([numbered('a', 1, 3), ['1 b 1'], ['1 c 1']]);
  });

  it('archives new files that a glob matches, and passes over directories', async () => {
    const directory = await temporary.make();
    const run = new FollowingRun(log.archives, { file: [join(directory, '*', '*.log')] });
    await run.until('waiting for');
    await mkdir(join(directory, 'one', 'sub.log'), { recursive: true });
    await writeFile(join(directory, 'one', 'a.log'), 'a 1\n');
    await log.until(1);
    await writeFile(join(directory, 'one', 'b.log'), 'b 1\n');
    await rm(join(directory, 'one', 'a.log'));
    await log.until(2);
    expect(await run.stop(), run.said).to.equal(0);
    expect(await log.lines()).to.have.deep.members([['1 a 1'], ['1 b 1']]);
  });

  it('refuses a second process in the directory, and takes over from one that was killed', async () => {
    await writeFile(path, linesOf('a', 1, 3));
    const options = ['--input', 'lines', '--quiet', '--sync', 'always'];
    const args = ['record', log.archives, '--file', path, ...options];
    const first = startShoebox(args);
    await log.until(3);
    const second = startShoebox(args);
    const stderr = text(second.stderr);
    const [code] = await once(second, 'exit');
    expect([code, await stderr]).to.deep.equal([
      1,
      `shoebox: process ${first.pid} on ${hostname()} follows files into ` +
        `${log.archives} already: use another directory\n`,
    ]);
    first.kill('SIGKILL');
    await once(first, 'exit');
    // A lease without an owner is taken over after 10 s.
    const leases = (await readdir(log.archives)).filter((name) => name.endsWith('.open.lock'));
    for (const name of leases) await unlink(join(log.archives, name));
    await appendFile(path, linesOf('a', 4, 4));
    const third = startShoebox(args);
    await log.until(4);
    third.kill('SIGTERM');
    expect(await once(third, 'exit')).to.deep.equal([0, null]);
    expect(await log.lines()).to.deep.equal([numbered('a', 1, 4)]);
  });
});
