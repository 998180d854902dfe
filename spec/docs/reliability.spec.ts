import { existsSync, readFileSync } from 'node:fs';

import { expect } from 'chai';

const PROJECT = new URL('../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/reliability.md', PROJECT), 'utf8');

describe('docs/reliability.md', () => {
  it('names only specs and programs that exist', () => {
    const paths = [...PAGE.matchAll(/\b((?:spec|bench)\/[\w/.-]*\w)/g)].map(
      ([, path = '']) => path,
    );
    expect(paths.length).to.be.greaterThan(12);
    const missing = paths.filter((path) => !existsSync(new URL(path, PROJECT)));
    expect(missing).to.deep.equal([]);
  });

  it('selects specs by names that exist', () => {
    const names = [...PAGE.matchAll(/--grep '([^']+)'/g)].map(([, name = '']) => name);
    const sources = [
      'codec/frames/skipped-damage-corpus.spec.ts',
      'writing/failing-disk.spec.ts',
      'shipping/power-loss.spec.ts',
    ]
      .map((path) => readFileSync(new URL(`spec/${path}`, PROJECT), 'utf8'))
      .join('\n');
    expect(names).to.have.length(3);
    for (const name of names) expect(sources).to.match(new RegExp(`describe\\('[^']*${name}`));
  });
});
