import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { expect } from 'chai';

import { FollowedLog, FollowingRun } from '../../support/followed-log.js';
import { TemporaryDirectories } from '../../support/series.js';

/** Debian puts it where only root finds it by name. */
const LOGROTATE = ['logrotate', '/usr/sbin/logrotate'].find(
  (command) => spawnSync(command, ['--version']).status === 0,
);

/** How it rotates, and how often: names with a time are taken for a second. */
const KINDS: readonly [directives: string, rotations: number][] = [
  ['create 0600', 3],
  ['copytruncate', 3],
  ['create 0600\n dateext\n dateformat -%s', 1],
];

describe('shoebox record --file beside logrotate', () => {
  const temporary = new TemporaryDirectories();
  before(function () {
    if (LOGROTATE !== undefined) return;
    const suite = this.test?.parent;
    if (suite) suite.title += ' (skipped: logrotate is not installed)';
    this.skip();
  });
  afterEach(() => temporary.remove());

  for (const [how, rotations] of KINDS) {
    it(`archives each line once with ${how.replaceAll('\n', ',')}`, async () => {
      const log = new FollowedLog(await temporary.make());
      const directory = await temporary.make();
      const path = join(directory, 'app.log');
      const config = join(await temporary.make(), 'rotate.conf');
      const state = join(await temporary.make(), 'state');
      // It refuses a configuration, and directories, that others may write to.
      await chmod(directory, 0o755);
      await writeFile(config, `"${path}" {\n rotate 20\n ${how}\n missingok\n}\n`, { mode: 0o644 });
      let [written, file] = [0, 0];
      const lines: string[] = [];
      const write = async (count: number) => {
        for (let i = 0; i < count; i++)
          lines.push(`${file} ${++written} ${'x'.repeat(written % 50)}`);
        await appendFile(path, `${lines.slice(-count).join('\n')}\n`);
      };
      await write(50);
      const run = new FollowingRun(log.archives, { file: [path] });
      await log.until(50);
      for (let rotation = 0; rotation < rotations; rotation++) {
        await write(30);
        const rotated = spawn(LOGROTATE ?? '', ['--force', '--state', state, config]);
        const said = text(rotated.stderr);
        expect(await once(rotated, 'exit'), await said).to.deep.equal([0, null]);
        file++;
        await write(50);
        if (rotation === 1) await log.until(written);
      }
      await log.until(written);
      expect(await run.stop(), run.said).to.equal(0);
      expect(run.said).not.to.contain('missed');
      expect((await readdir(directory)).length).to.be.greaterThan(1);
      const archived = (await log.lines()).flat();
      // Without the numbers of the lines, which begin again in each file.
      expect(archived.map((line) => line.slice(line.indexOf(' ') + 1)).sort()).to.deep.equal(
        lines.toSorted(),
      );
    });
  }
});
