import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

const PROJECT = new URL('../../', import.meta.url);
const LIB = new URL('lib/', PROJECT);
const PAGE = readFileSync(new URL('docs/architecture.md', PROJECT), 'utf8');

describe('docs/architecture.md', () => {
  it('names only files that exist', () => {
    const paths = [...PAGE.matchAll(/`([\w/.-]+\.ts)`/g)].map(([, path = '']) => path);
    expect(paths.length).to.be.greaterThan(40);
    const missing = paths.filter((path) => {
      const root = path.startsWith('spec/') ? PROJECT : LIB;
      return !existsSync(new URL(path, root));
    });
    expect(missing).to.deep.equal([]);
  });

  it('has a line for every folder of lib/ that holds files, and for no other', () => {
    const listed = [...PAGE.matchAll(/^\| `([\w/-]+)\/` \|/gm)].map(([, folder]) => folder);
    const folders = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(new URL(path, LIB)).isDirectory())
      .filter((path) => filesOf(path).length > 0);
    // One file that chooses between the stores is all that this folder holds.
    expect([...listed, 'stores']).to.have.members(folders);
  });

  it('names only classes and functions that lib/ declares', () => {
    const sources = filesOf('', { recursive: true }).map((path) =>
      readFileSync(new URL(path, LIB), 'utf8'),
    );
    const names = [...PAGE.matchAll(/`([A-Z]\w+|[a-z]+[A-Z]\w+)`/g)].map(([, name = '']) => name);
    expect(names).to.include.members(['RollingWriteStream', 'Roller', 'ArchiveSink']);
    const unknown = names.filter((name) => {
      const declaration = new RegExp(`\\b(class|function|interface|type|const) ${name}\\b`);
      const field = new RegExp(`\\breadonly ${name}\\??:`);
      return !sources.some((source) => declaration.test(source) || field.test(source));
    });
    expect(unknown).to.deep.equal([]);
  });
});

/** The TypeScript files of a folder of lib/. */
function filesOf(folder: string, { recursive = false } = {}): string[] {
  const directory = fileURLToPath(new URL(`${folder}/`.replace(/^\/$/, ''), LIB));
  return readdirSync(directory, { recursive, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
}
