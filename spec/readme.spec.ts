import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect } from 'chai';

const PROJECT = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');

describe('README', () => {
  const readme = read('README.md');

  it('has examples/write.ts, verbatim, as its first code', () => {
    const [, code] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(code).to.equal(read('examples/write.ts'));
  });

  it('has the two commands, each on its own line', () => {
    expect(readme.split('\n')).to.include.members(['npm ci && npm start', 'npm ci && npm test']);
  });

  it('names only what the library exports', () => {
    const exported = ['lib/index.ts', 'lib/sources/kafka.ts'].map(read).join('\n');
    const called = [...readme.matchAll(/`[^`\n]*`/g)].flatMap(([code]) =>
      [...code.matchAll(/(?<![.\w])((?:create|roll|to|from)[A-Z]\w+)\(/g)].map(([, name]) => name),
    );
    expect(called).to.include('createArchiveReader');
    for (const name of called) expect(exported).to.match(new RegExp(`\\b${name}\\b`));
  });

  it('has fewer than 200 lines', () => {
    expect(readme.split('\n').length).to.be.below(200);
  });
});

describe('the published package', () => {
  it('has every file that README, CONTRIBUTING, CHANGELOG and docs/ link to', async function () {
    this.timeout(120_000);
    const published = await publishedPaths();
    const pages = [...published].filter((path) => /^([A-Z]+|docs\/[\w-]+)\.md$/.test(path));
    expect(pages).to.include.members(['README.md', 'CONTRIBUTING.md', 'docs/guarantees.md']);
    const links = pages.flatMap((page) => linksOf(page).map((link) => ({ page, link })));
    expect(links).to.deep.include({ page: 'README.md', link: 'examples/read.ts' });
    const dead = links.filter(({ link }) => !published.has(link));
    expect(dead).to.deep.equal([]);
  });

  it('has every heading that README links to', () => {
    const anchors = [...read('README.md').matchAll(/\]\(([^)#:]+)#([^)]+)\)/g)];
    expect(anchors).to.not.have.length(0);
    for (const [, page = '', anchor] of anchors) {
      expect(headingsOf(page), page).to.include(anchor);
    }
  });
});

/** The files that `npm publish` would send, and the folders that they are in. */
async function publishedPaths(): Promise<Set<string>> {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stdout } = await promisify(execFile)('npm', args, { cwd: PROJECT, env });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  return new Set([...paths, ...paths.flatMap((path) => path.split('/')[0] ?? [])]);
}

/** The files and folders of the project that a page links to, by their paths in the project. */
function linksOf(page: string): string[] {
  return [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path = '']) =>
    join(dirname(page), path).replaceAll('\\', '/'),
  );
}

/** The anchors that GitHub and npm give to a page's headings. */
function headingsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}
