import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { expect } from 'chai';

import { compiled } from './support/compiled.js';
import { modulesLoadedBy } from './support/loaded-modules.js';

const INDEX = new URL('../lib/index.ts', import.meta.url);

describe('the library', () => {
  it('does not load the AWS SDK and the libraries of exports before they are needed', async () => {
    const index = compiled(INDEX).href;
    const loaded = await modulesOf(index);
    expect(loaded).to.include(index);
    expect(loaded).to.match(/node_modules\/d3-time-format\//);
    expect(loaded).to.not.match(/@aws-sdk|@smithy/);
    expect(loaded).to.not.match(/hyparquet|csv-stringify/);
  });

  it('is seen to load the AWS SDK if it does', async () => {
    const { resolve } = createRequire(import.meta.url);
    const loaded = await modulesOf(pathToFileURL(resolve('@aws-sdk/client-s3')).href);
    expect(loaded).to.match(/@aws-sdk\/client-s3/);
  });

  it('has a doc comment for every name that it exports', () => {
    const index = readFileSync(INDEX, 'utf8');
    const names = exportsOf(index);
    expect(names.length).to.be.greaterThan(50);
    const silent = names.filter(({ name, from }) => {
      const source = readFileSync(new URL(from.replace(/\.js$/, '.ts'), INDEX), 'utf8');
      return !isDocumented(source, name);
    });
    expect(silent.map(({ name, from }) => `${name} of ${from}`)).to.deep.equal([]);
  });

  it('has an index that only re-exports names of other files', () => {
    const index = readFileSync(INDEX, 'utf8');
    expect(index.replace(EXPORT, '').trim()).to.equal('');
  });
});

describe('the rule on comments', () => {
  it('finds the names that an index exports', () => {
    const index = `
      export type { A, B } from './a.js';
      export {
        c,
        type D,
        e as f,
      } from './c.js';`;
    expect(exportsOf(index)).to.deep.equal([
      { name: 'A', from: './a.js' },
      { name: 'B', from: './a.js' },
      { name: 'c', from: './c.js' },
      { name: 'D', from: './c.js' },
      { name: 'e', from: './c.js' },
    ]);
  });

  it('finds out whether a comment stands directly before a name', () => {
    const documented = [
      '/** What it is. */\nexport class A {',
      '/**\n * What it is.\n */\nexport abstract class A<B> extends C {',
      '/** What it is. */\nexport async function* A() {',
      '/** What it is. */\nexport function A(',
      '/** What it is. */\nexport interface A {',
      '/** What it is. */\nexport type A = B;',
      '/** What it is. */\nexport const A: B = 1;',
    ];
    for (const source of documented) expect(isDocumented(source, 'A'), source).to.equal(true);
    const silent = [
      'export class A {',
      '// What it is.\nexport class A {',
      '/* What it is. */\nexport class A {',
      '/** What it is. */\n\nexport class A {',
      '/** What it is. */\nexport class AB {',
      '/** Of another. */\nconst b = 1;\nexport class A {',
      '/** Of another. */\nexport class B {}\nexport function A(',
    ];
    for (const source of silent) expect(isDocumented(source, 'A'), source).to.equal(false);
  });
});

const EXPORT = /export (?:type )?\{([^}]*)\} from '([^']+)';/g;

function exportsOf(index: string): { name: string; from: string }[] {
  return [...index.matchAll(EXPORT)].flatMap(([, names = '', from = '']) =>
    names
      .split(',')
      .map((name) => /^\s*(?:type\s+)?([\w$]+)/.exec(name)?.[1] ?? '')
      .filter((name) => name !== '')
      .map((name) => ({ name, from })),
  );
}

function isDocumented(source: string, name: string): boolean {
  const kinds = 'abstract class|class|async function|function|interface|type|const';
  const declaration = new RegExp(`^export (?:${kinds})\\*? ${name}\\b`, 'm').exec(source);
  if (declaration === null) return false;
  const [comment] =
    /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n(?:\/\/ biome-ignore .*\n)?$/.exec(
      source.slice(0, declaration.index),
    ) ?? [];
  return comment !== undefined;
}

/** The URLs of all modules that a child process loads with `url`, and the paths that it requires. */
function modulesOf(url: string): Promise<string> {
  return modulesLoadedBy(`
    import { createRequire } from 'node:module';
    await import(${JSON.stringify(url)});
    const { cache } = createRequire(${JSON.stringify(INDEX.href)});
    for (const path of Object.keys(cache)) console.log(path);`);
}
