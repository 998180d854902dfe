import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

describe('README', () => {
  const readme = read('README.md');

  it('has examples/write.ts, verbatim, as its first code', () => {
    const [, code] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(code).to.equal(read('examples/write.ts'));
  });

  it('has the two commands, each on a line that can be pasted', () => {
    expect(readme.split('\n')).to.include.members(['npm ci && npm start', 'npm ci && npm test']);
  });

  it('names only what the library exports', () => {
    const exported = read('lib/index.ts');
    const called = [...readme.matchAll(/`[^`\n]*`/g)].flatMap(([code]) =>
      [...code.matchAll(/(?<![.\w])((?:create|roll|to)[A-Z]\w+)\(/g)].map(([, name]) => name),
    );
    expect(called).to.include('createArchiveReader');
    for (const name of called) expect(exported).to.match(new RegExp(`\\b${name}\\b`));
  });

  it('links only to what is there', () => {
    const paths = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) => path);
    expect(paths).to.include('docs/format.md');
    for (const path of paths) expect(() => read(path), path).not.to.throw(/ENOENT/);
  });
});
