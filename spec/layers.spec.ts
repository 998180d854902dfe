import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

/** Each imports itself and those before it. */
const LAYERS: readonly string[] = [
  'errors',
  'format',
  'codec',
  'streams',
  'storage',
  'rolling',
  'shipping',
  'cli',
];

const INDEX = 'index.ts';
const USERS_OF_THE_SDK: readonly string[] = ['storage/s3-sdk.ts'];
const LAYERS_WITHOUT_IO: readonly string[] = ['errors', 'format', 'codec'];
const IO_MODULES = /^(node:)?(fs|net|stream)(\/|$)/;
const DRAWERS = /^(utils?|helpers?|common|types)$/;
const MOST_LINES = 250;

/** An import, of whatever kind: `import`, `export … from`, `import()`, `require()`. */
interface Import {
  readonly from: string;
  /** Whether nothing of it is loaded when the file is: it is a type, or for later. */
  readonly isLazy: boolean;
}

const LIB = fileURLToPath(new URL('../lib/', import.meta.url));
const FILES = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.replaceAll('\\', '/'));

describe('lib', () => {
  it('has files in each layer, and in nothing else', () => {
    const folders = new Set(FILES.filter((file) => file !== INDEX).map(layerOf));
    expect(LAYERS).to.include.members([...folders]);
    expect([...folders]).to.include.members(LAYERS.slice(0, -1));
  });

  const rules: ReadonlyArray<readonly [name: string, faultsOf: Rule]> = [
    ['imports only from the left', upwardImports],
    ['leaves the AWS SDK to the S3 store, which loads it when it is needed', sdkFaults],
    ['does no I/O in the layers that are pure', ioImports],
    ['has no await at the top level, so that `require` can load it', topLevelAwaits],
    ['has files of 250 lines at most', tooManyLines],
    ['has no folder or file that is a drawer', drawers],
  ];
  for (const [name, faultsOf] of rules) {
    it(name, () => {
      const faults = FILES.flatMap((file) =>
        faultsOf(file, readFileSync(join(LIB, file), 'utf8')).map((fault) => `${file}: ${fault}`),
      );
      expect(faults).to.deep.equal([]);
    });
  }
});

describe('the rules of the layers', () => {
  it('see imports of every kind', () => {
    const source = `
      import a, { b } from './a.js';
      import * as c from "./c.js";
      import './d.js';
      import type { E } from './e.js';
      import {
        f,
        type G,
      } from './f.js';
      export * from './h.js';
      export type { I } from './i.js';
      const j = await import('./j.js');
      type K = import('./k.js').K;
      let l: typeof import('./l.js');
      const m = createRequire(import.meta.url)('./m.js');
      const n = require('./n.js');
      // import './comment.js';
      /* import './comment.js'; */
      const text = "import './text.js'";`;
    const found = importsOf(source).map(({ from, isLazy }) => `${from}${isLazy ? ' lazily' : ''}`);
    expect(found).to.deep.equal([
      './a.js',
      './c.js',
      './d.js',
      './e.js lazily',
      './f.js',
      './h.js',
      './i.js lazily',
      './j.js lazily',
      './k.js lazily',
      './l.js lazily',
      './m.js',
      './n.js',
    ]);
  });

  it('refuse an import from the right, of types and for later, too', () => {
    const refused = ["import '../rolling/a.js';", "type A = import('../cli/a.js').A;"];
    refused.push("export type { A } from '../shipping/a.js';", "import { a } from '../index.js';");
    for (const source of refused) expect(upwardImports('storage/a.ts', source)).to.have.length(1);
    expect(upwardImports('format/a.ts', "import '../codec/a.js';")).to.have.length(1);
    const allowed = ["import './a.js';", "import '../errors/a.js';", "import 'node:fs';"];
    for (const source of allowed) expect(upwardImports('storage/a.ts', source)).to.deep.equal([]);
    expect(upwardImports(INDEX, "export * from './cli/a.js';")).to.deep.equal([]);
    expect(upwardImports('cli/a.ts', "import '../index.js';")).to.have.length(1);
    expect(upwardImports('storage/a.ts', "import '../../spec/a.js';")).to.have.length(1);
  });

  it('refuse the AWS SDK where it has no business, and where it is loaded at once', () => {
    const [user] = USERS_OF_THE_SDK;
    const value = "import { S3Client } from '@aws-sdk/client-s3';";
    const type = "import type { S3Client } from '@aws-sdk/client-s3';";
    const lazy = "const load = () => import('@aws-sdk/client-s3');";
    for (const source of [value, type, lazy, "const name = '@aws-sdk/client-s3';"]) {
      expect(sdkFaults('storage/put-body.ts', source)).to.have.length(1);
    }
    expect(sdkFaults('storage/put-body.ts', '// as @aws-sdk does')).to.have.length(1);
    expect(sdkFaults(user ?? '', value)).to.have.length(1);
    expect(sdkFaults(user ?? '', "const sdk = require('@aws-sdk/client-s3');")).to.have.length(1);
    expect(sdkFaults(user ?? '', "export * from '@aws-sdk/client-s3';")).to.have.length(1);
    for (const source of [type, lazy]) expect(sdkFaults(user ?? '', source)).to.deep.equal([]);
  });

  it('refuse I/O in a pure layer', () => {
    const modules = ['node:fs', 'node:fs/promises', 'node:net', 'node:stream', 'stream/promises'];
    for (const module of modules) {
      expect(ioImports('codec/a.ts', `import '${module}';`)).to.have.length(1);
      expect(ioImports('format/a.ts', `import type { A } from '${module}';`)).to.have.length(1);
      expect(ioImports('streams/a.ts', `import '${module}';`)).to.deep.equal([]);
    }
    expect(ioImports('codec/a.ts', "import 'node:zlib';")).to.deep.equal([]);
  });

  it('refuse an await that runs when the file is loaded', () => {
    const refused = [
      'const a = await b;',
      'export const a = f(await b);',
      'for await (const a of b) f(a);',
      'if (a) { await b; }',
      'try {\n  await a;\n} catch {}',
      'async function a() {}\nawait a();',
      'const a = async () => {};\nawait a();',
      'class A {\n  static {\n    f(await b);\n  }\n}',
      "const text = 'async'; const a = await b;",
      '// async\nawait a;',
    ];
    for (const source of refused) expect(topLevelAwaits('a.ts', source), source).to.have.length(1);
    const allowed = [
      'async function a(): Promise<void> {\n  if (b) {\n    await b;\n  }\n}',
      'export async function* a(b: { c: string }, d = {}) {\n  for await (const e of f) yield e;\n}',
      'const a = async () => await b;',
      'const a = async (b: number) => {\n  await f({ b });\n  await c;\n};',
      'class A {\n  async b(): Promise<void> {\n    return { c: await d };\n  }\n}',
      'const a = { async b() { await c; }, d: 1 };',
      'f(() => {}, async () => { await b; });',
      'const a = { b: async (c) => void (await c), d };',
      'class A {\n  async *[b](): C<D, E> {\n    for await (const f of g) yield f;\n  }\n}',
      '/** Callers await it. */\nconst text = "await a"; // await',
      'const awaited: Awaited<A> = b;',
    ];
    for (const source of allowed) expect(topLevelAwaits('a.ts', source), source).to.deep.equal([]);
  });

  it('refuse long files and drawers', () => {
    expect(tooManyLines('a.ts', 'a\n'.repeat(250))).to.deep.equal([]);
    expect(tooManyLines('a.ts', 'a\n'.repeat(251))).to.deep.equal(['251 lines']);
    for (const file of ['codec/utils/a.ts', 'types/a.ts', 'codec/helpers.ts', 'common.ts']) {
      expect(drawers(file)).to.have.length(1);
    }
    expect(drawers('codec/type-name.ts')).to.deep.equal([]);
  });
});

/** What is wrong with a file, told by its path under lib/ and its text. */
type Rule = (file: string, source: string) => string[];

function upwardImports(file: string, source: string): string[] {
  if (file === INDEX) return [];
  const most = LAYERS.indexOf(layerOf(file));
  return importsOf(source)
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from }) => join(dirname(file), from).replaceAll('\\', '/'))
    .filter((path) => {
      const layer = path.includes('/') ? LAYERS.indexOf(layerOf(path)) : -1;
      return layer === -1 || layer > most;
    })
    .map((path) => `imports ${path}`);
}

function sdkFaults(file: string, source: string): string[] {
  if (!source.includes('@aws-sdk')) return [];
  if (!USERS_OF_THE_SDK.includes(file)) return ['names the AWS SDK'];
  return importsOf(source)
    .filter(({ from, isLazy }) => from.startsWith('@aws-sdk/') && !isLazy)
    .map(({ from }) => `loads ${from} at once`);
}

function ioImports(file: string, source: string): string[] {
  if (!LAYERS_WITHOUT_IO.includes(layerOf(file))) return [];
  return importsOf(source)
    .filter(({ from }) => IO_MODULES.test(from))
    .map(({ from }) => `imports ${from}`);
}

function tooManyLines(_file: string, source: string): string[] {
  const lines = source.split('\n').length - (source.endsWith('\n') ? 1 : 0);
  return lines > MOST_LINES ? [`${lines} lines`] : [];
}

function drawers(file: string): string[] {
  return file
    .replace(/\.ts$/, '')
    .split('/')
    .filter((part) => DRAWERS.test(part))
    .map((part) => `is in ${part}`);
}

/**
 * Walks through the brackets of a file. An `await` is for later where a bracket that it is in belongs to an
 * async function, or its own statement has begun with one.
 */
function topLevelAwaits(_file: string, source: string): string[] {
  const faults: string[] = [];
  const open: { isAsync: boolean; before: string }[] = [];
  let statement = '';
  for (const [token] of withoutText(source).matchAll(/[\w$]+|=>|[^\s\w$]/g)) {
    if (token === 'await' && !/\basync\b/.test(statement) && !open.some(({ isAsync }) => isAsync)) {
      faults.push('awaits at the top level');
    }
    if (token === '{' || token === '(' || token === '[') {
      const isBody = token === '{' && /(\)|>|\w)$/.test(statement);
      open.push({ isAsync: /\basync\b/.test(statement), before: isBody ? '' : statement });
      statement = '';
    } else if (token === '}' || token === ')' || token === ']') {
      statement = `${open.pop()?.before ?? ''} ${token}`;
    } else if (token === ';') {
      statement = '';
    } else {
      statement += ` ${token}`;
    }
  }
  return faults;
}

function layerOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** Kept as they are: strings. Dropped: comments. */
const TEXT_OR_COMMENT =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

function withoutText(source: string): string {
  return source.replace(TEXT_OR_COMMENT, (text) => (text.startsWith('/') ? '' : "''"));
}

const STATIC = /\b(import|export)\s+(?<type>type\s)?(?:[\w$*\s{},]*?\bfrom\s+)?(?<text>TEXT\d+_)/g;
const CALL =
  /\b(?<call>import|require|createRequire\(import\.meta\.url\))\s*\(\s*(?<text>TEXT\d+_)/g;

/** In the order of the file. */
function importsOf(source: string): Import[] {
  const texts: string[] = [];
  // A text may hold anything, an import, too: it is put aside first.
  const code = source.replace(TEXT_OR_COMMENT, (text) => {
    if (text.startsWith('/')) return '';
    return `TEXT${texts.push(text.slice(1, -1)) - 1}_`;
  });
  return [...code.matchAll(STATIC), ...code.matchAll(CALL)]
    .sort((a, b) => a.index - b.index)
    .map(({ groups = {} }) => ({
      from: texts[Number(groups.text?.slice('TEXT'.length, -1))] ?? '',
      isLazy: groups.call === undefined ? groups.type !== undefined : groups.call === 'import',
    }));
}
