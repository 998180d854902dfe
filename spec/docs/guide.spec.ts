import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { callShoebox } from '../support/call-shoebox.js';
import { follow, type GuideCommand, stepsOf, Wording } from './guide-session.js';
import { openGuideSetting } from './guide-setting.js';

/** The gate follows the guide. It takes half a minute, because the guide waits for a lease to end. */
const IS_FOLLOWED = process.env.SHOEBOX_GUIDE === 'follow';

describe('docs/guide.md', () => {
  let commands: GuideCommand[];
  let steps: ReturnType<typeof stepsOf>;

  before(async () => {
    steps = stepsOf(await readFile(new URL('../../docs/guide.md', import.meta.url), 'utf8'));
    commands = steps.filter((step) => 'command' in step);
  });

  it('calls commands with options that they have', async () => {
    const help = new Map<string, string>();
    const calls = commands.flatMap(({ command }) =>
      [...command.matchAll(/\bshoebox ([a-z]+)([^|<>&]*)/g)].map(([, name = '', rest = '']) => ({
        name,
        options: [...rest.matchAll(/ (--?[a-z][\w-]*)/g)].map(([, option = '']) => option),
      })),
    );
    expect(calls.map(({ name }) => name)).to.include.members(['record', 'cat', 'verify', 'ship']);
    for (const { name, options } of calls) {
      if (!help.has(name)) help.set(name, (await callShoebox([name, '--help'])).stdout);
      for (const option of options) {
        expect(help.get(name), `shoebox ${name}`).to.match(new RegExp(`(?<![\\w-])${option}\\b`));
      }
    }
  });

  it('prints what it says', async function () {
    if (!IS_FOLLOWED) {
      console.log('    skipped: SHOEBOX_GUIDE=follow runs every command of the guide');
      return this.skip();
    }
    this.timeout(180_000);
    const directory = await mkdtemp(join(tmpdir(), 'shoebox-guide-'));
    const setting = await openGuideSetting(directory);
    try {
      const outputs = await follow(steps, setting);
      const [expected, actual] = [new Wording(), new Wording()];
      for (const step of commands) {
        const printed = outputs.get(step)?.map((line) => actual.of(line));
        const where = `line ${step.line}: ${step.command}`;
        expect(printed, where).to.deep.equal(step.output.map((line) => expected.of(line)));
      }
    } finally {
      await setting.stop();
      await rm(directory, { recursive: true });
    }
  });
});
