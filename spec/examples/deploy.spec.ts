import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const UNIT = path('examples/deploy/shoebox.service');

describe('examples/deploy', () => {
  it('has a systemd unit that systemd accepts', function () {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
      console.log('    skipped: needs systemd-analyze, which is not installed');
      return this.skip();
    }
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', UNIT], { encoding: 'utf8' });
    expect([status, stderr]).to.deep.equal([0, '']);
  });

  it('has a container recipe that runs the command of the package, not as root', () => {
    const recipe = readFileSync(path('examples/deploy/Dockerfile'), 'utf8');
    const { bin, name } = JSON.parse(readFileSync(path('package.json'), 'utf8'));
    const entry = `/app/node_modules/${name}/${bin.shoebox}`;
    expect(recipe).to.contain(`ENTRYPOINT ["node", "${entry}"]`);
    expect(existsSync(path(bin.shoebox.replace(/^dist/, 'lib').replace(/js$/, 'ts')))).to.equal(
      true,
    );
    expect(recipe.lastIndexOf('USER node')).to.be.greaterThan(recipe.lastIndexOf('FROM'));
  });
});
