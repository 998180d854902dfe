import { spawnSync } from 'node:child_process';

import { expect } from 'chai';

import { callShoebox } from '../support/call-shoebox.js';
import { runShoebox } from '../support/run-shoebox.js';

describe('shoebox completion', () => {
  it('prints a script that bash can run, and completes commands, options and shells', async () => {
    const { code, stdout } = await runShoebox(['completion', 'bash']);
    expect(code).to.equal(0);
    const checked = spawnSync('bash', ['-n'], { input: stdout, encoding: 'utf8' });
    expect([checked.status, checked.stderr]).to.deep.equal([0, '']);
    expect(stdout).to.contain('shoebox complete --');
    const words = async (...line: string[]) =>
      (await runShoebox(['complete', '--', ...line])).stdout
        .split('\n')
        .map((each) => each.split('\t')[0]);
    expect(await words('ve'))
      .to.include('verify')
      .and.not.to.include('cat');
    expect(await words('cat', '--si')).to.include('--since');
    expect(await words('completion', 'f')).to.include('fish');
    const unknown = await callShoebox(['completion', 'tcsh']);
    expect([unknown.code, unknown.stderr]).to.deep.equal([
      2,
      'shoebox: the shell is tcsh, expected bash, zsh, fish, powershell\nsee shoebox completion --help\n',
    ]);
  });
});
