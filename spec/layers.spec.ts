import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import { cyclesIn, type Edge } from './support/cycles.js';
import { importsOf, withoutText } from './support/imports.js';

/**
 * The order of the subfolders of each folder, lib/ itself being ''. A subfolder imports itself and those
 * before it. The files of a folder may import its subfolders, and never the other way round.
 */
const ORDER: Readonly<Record<string, readonly string[]>> = {
  '': [
    'errors',
    'format',
    'codec',
    'files',
    'streams',
    'stores',
    'series',
    'reading',
    'writing',
    'shipping',
    'partitioning',
    'exporting',
    'sources',
    'command',
  ],
  codec: [
    'bytes',
    'records',
    'version-1',
    'version-2',
    'metadata-index',
    'frames',
    'json-lines',
    'compression',
  ],
  'codec/compression': ['members', 'gzip', 'zstd'],
  streams: ['compression'],
  stores: ['contract', 'directory', 's3'],
  series: ['names', 'opening', 'listing'],
  reading: ['sequences', 'archives', 'cursors', 'following', 'last-records', 'verifying'],
  writing: ['policies', 'receipts', 'sequences', 'handlers', 'sink', 'recovery', 'rolling'],
  shipping: ['journal', 'uploads'],
  partitioning: ['manifests'],
  exporting: ['parquet', 'messages', 'destinations'],
  sources: ['contract', 'kafka', 'nats', 'amqp'],
  command: [
    'options',
    'output',
    'brokers',
    'summary',
    'record',
    'replay',
    'serve',
    'fetch',
    'doctor',
    'report',
    'bench',
  ],
  'command/record': ['parsing', 'files'],
};

/** Folders that later work fills. */
const NOT_YET: readonly string[] = [];

const INDEX = 'index.ts';
/** What package.json exports: the library, and the sources that a program loads on use. */
const PUBLIC_ENTRIES: readonly string[] = [
  INDEX,
  'sources/kafka.ts',
  'sources/nats.ts',
  'sources/amqp.ts',
];
/** This folder uses public exports only, as users do. */
const COMMAND = 'command';
const SDK_FOLDER = 'stores/s3';
const FOLDERS_WITHOUT_IO: readonly string[] = ['errors', 'format', 'codec'];
const IO_MODULES = /^(node:)?(fs|net|stream)(\/|$)/;
const DRAWERS = /^(utils?|helpers?|common|types)$/;
const MOST_LINES = 400;
const MOST_FILES = 25;

const LIB = fileURLToPath(new URL('../lib/', import.meta.url));
const FILES = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.replaceAll('\\', '/'));

/** Every import of a file of lib/ by another one; index.ts, which imports from all folders, is left out. */
const IMPORTS = FILES.filter((file) => file !== INDEX).flatMap((file) =>
  targetsOf(file, readSource(file)).map((target): Edge => [file, target]),
);

function readSource(file: string): string {
  return readFileSync(join(LIB, file), 'utf8');
}

describe('lib', () => {
  it('has files only in the folders of the order, and in each of them', () => {
    const folders = new Set(FILES.filter((file) => file !== INDEX).map(topFolderOf));
    const expected = ORDER[''] ?? [];
    expect(expected).to.include.members([...folders]);
    expect([...folders]).to.include.members(expected.filter((name) => !NOT_YET.includes(name)));
  });

  it('gives the order of every subfolder', () => {
    const subfolders = new Set(
      FILES.map((file) => dirname(file)).filter((folder) => folder !== '.'),
    );
    const unordered = [...subfolders].filter((folder) => {
      const parent = dirname(folder) === '.' ? '' : dirname(folder);
      return !(ORDER[parent] ?? []).includes(folder.slice(parent === '' ? 0 : parent.length + 1));
    });
    expect(unordered).to.deep.equal([]);
  });

  const rules: ReadonlyArray<readonly [name: string, faultsOf: Rule]> = [
    ['imports only from the left, at every depth', importsFromTheRight],
    ['leaves the AWS SDK to the S3 store, which loads it when it is needed', sdkFaults],
    ['does no I/O in the folders that are pure', ioImports],
    ['has no await at the top level, so that `require` can load it', topLevelAwaits],
    [`has files of ${MOST_LINES} lines at most`, tooManyLines],
    ['has no folder or file that is a drawer', drawers],
  ];
  for (const [name, faultsOf] of rules) {
    it(name, () => {
      const faults = FILES.flatMap((file) =>
        faultsOf(file, readSource(file)).map((fault) => `${file}: ${fault}`),
      );
      expect(faults).to.deep.equal([]);
    });
  }

  it('has no cycle among files, type imports included', () => {
    expect(cyclesIn(IMPORTS)).to.deep.equal([]);
  });

  it('has no cycle among the files and subfolders of a folder, at every depth', () => {
    const folders = new Set(FILES.flatMap(foldersAround));
    for (const folder of folders) expect(cyclesIn(edgesWithin(folder, IMPORTS))).to.deep.equal([]);
  });

  it(`has at most ${MOST_FILES} files in a folder`, () => {
    const crowded = [...new Set(FILES.map((file) => dirname(file)))].filter(
      (folder) => FILES.filter((file) => dirname(file) === folder).length > MOST_FILES,
    );
    expect(crowded).to.deep.equal([]);
  });
});

describe('the rules of the folders', () => {
  it('see every kind of import', () => {
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

  it('refuse imports from the right, type imports and lazy ones included', () => {
    const refused = ["import '../series/a.js';", "type A = import('../command/a.js').A;"];
    refused.push("export type { A } from '../shipping/a.js';", "import { a } from '../index.js';");
    for (const source of refused) {
      expect(importsFromTheRight('stores/a.ts', source)).to.have.length(1);
    }
    expect(importsFromTheRight('format/a.ts', "import '../codec/a.js';")).to.have.length(1);
    const allowed = ["import './a.js';", "import '../errors/a.js';", "import 'node:fs';"];
    for (const source of allowed) {
      expect(importsFromTheRight('stores/a.ts', source)).to.deep.equal([]);
    }
    expect(importsFromTheRight(INDEX, "export * from './command/a.js';")).to.deep.equal([]);
    expect(importsFromTheRight('command/a.ts', "import '../index.js';")).to.deep.equal([]);
    expect(importsFromTheRight('command/a.ts', "import '../errors/a.js';")).to.have.length(1);
    expect(importsFromTheRight('stores/a.ts', "import '../index.js';")).to.have.length(1);
    expect(importsFromTheRight('stores/a.ts', "import '../../spec/a.js';")).to.have.length(1);
  });

  it('refuse imports from the right among subfolders and among the files beside them', () => {
    const file = 'writing/receipts/a.ts';
    for (const from of ['../sink/a.js', '../a.js', '../../shipping/a.js', '../unknown/a.js']) {
      expect(importsFromTheRight(file, `import '${from}';`), from).to.have.length(1);
    }
    for (const from of [
      './b.js',
      '../policies/a.js',
      '../../codec/bytes/a.js',
      '../../files/a.js',
    ]) {
      expect(importsFromTheRight(file, `import '${from}';`), from).to.deep.equal([]);
    }
    expect(importsFromTheRight('writing/a.ts', "import './sink/a.js';")).to.deep.equal([]);
    expect(
      importsFromTheRight('codec/bytes/a.ts', "import type { B } from '../b.js';"),
    ).to.have.length(1);
  });

  it('find cycles of any length among files, and among folders', () => {
    const files: Edge[] = [
      ['a.ts', 'b/c.ts'],
      ['b/c.ts', 'd/e.ts'],
      ['d/f.ts', 'b/g.ts'],
      ['b/g.ts', 'h.ts'],
    ];
    expect(cyclesIn(files)).to.deep.equal([]);
    expect(cyclesIn(edgesWithin('', files))).to.deep.equal([['b', 'd']]);
    expect(cyclesIn(edgesWithin('b', files))).to.deep.equal([]);
    const closed: Edge[] = [...files, ['h.ts', 'd/f.ts']];
    expect(cyclesIn(closed)).to.deep.equal([['b/g.ts', 'd/f.ts', 'h.ts']]);
    expect(
      cyclesIn([
        ['a', 'b'],
        ['b', 'a'],
        ['c', 'd'],
        ['d', 'c'],
      ]),
    ).to.have.length(2);
  });

  it('refuse the AWS SDK outside stores/s3, and imports that load it at once', () => {
    const value = "import { S3Client } from '@aws-sdk/client-s3';";
    const type = "import type { S3Client } from '@aws-sdk/client-s3';";
    const lazy = "const load = () => import('@aws-sdk/client-s3');";
    for (const source of [value, type, lazy, "const name = '@aws-sdk/client-s3';"]) {
      expect(sdkFaults('stores/contract/put-body.ts', source)).to.have.length(1);
    }
    expect(sdkFaults('stores/contract/put-body.ts', '// as @aws-sdk does')).to.have.length(1);
    const file = `${SDK_FOLDER}/s3-store.ts`;
    expect(sdkFaults(file, value)).to.have.length(1);
    expect(sdkFaults(file, "const sdk = require('@aws-sdk/client-s3');")).to.have.length(1);
    expect(sdkFaults(file, "export * from '@aws-sdk/client-s3';")).to.have.length(1);
    for (const source of [type, lazy]) expect(sdkFaults(file, source)).to.deep.equal([]);
  });

  it('refuse I/O in a pure folder', () => {
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

  it('refuse long files and folders named utils and the like', () => {
    expect(tooManyLines('a.ts', 'a\n'.repeat(400))).to.deep.equal([]);
    expect(tooManyLines('a.ts', 'a\n'.repeat(401))).to.deep.equal(['401 lines']);
    for (const file of ['codec/utils/a.ts', 'types/a.ts', 'codec/helpers.ts', 'common.ts']) {
      expect(drawers(file)).to.have.length(1);
    }
    expect(drawers('codec/type-name.ts')).to.deep.equal([]);
  });
});

/** Lists the faults of a file, given its path under lib/ and its text. */
type Rule = (file: string, source: string) => string[];

function importsFromTheRight(file: string, source: string): string[] {
  if (file === INDEX) return [];
  return targetsOf(file, source)
    .filter((target) => !isFromTheLeft(file, target))
    .map((target) => `imports ${target}`);
}

/** Compares the two paths in the deepest folder that holds both. */
function isFromTheLeft(file: string, target: string): boolean {
  if (isWithin(COMMAND, file) && !isWithin(COMMAND, target)) {
    return PUBLIC_ENTRIES.includes(target);
  }
  const folder = foldersAround(file).find((name) => isWithin(name, target)) ?? '';
  const [rank, targetRank] = [rankWithin(folder, file), rankWithin(folder, target)];
  return targetRank < rank || (folder !== '' && targetRank === FILE_RANK && rank === FILE_RANK);
}

/** Files come after the subfolders beside them. */
const FILE_RANK = 1000;

/** The place of a path's subfolder in the order of `folder`; infinite where the order does not name it. */
function rankWithin(folder: string, path: string): number {
  const child = childWithin(folder, path);
  if (child.endsWith('.ts')) return FILE_RANK;
  const rank = (ORDER[folder] ?? []).indexOf(child);
  return rank === -1 ? Number.POSITIVE_INFINITY : rank;
}

/** The edges among the files and subfolders of `folder`. */
function edgesWithin(folder: string, edges: readonly Edge[]): Edge[] {
  return edges
    .filter((edge) => edge.every((path) => isWithin(folder, path)))
    .map(([from, to]): Edge => [childWithin(folder, from), childWithin(folder, to)])
    .filter(([from, to]) => from !== to);
}

/** The folders that hold a file, the deepest first; the last is '', which is lib/ itself. */
function foldersAround(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? [''] : [folder, ...foldersAround(folder)];
}

function isWithin(folder: string, path: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`);
}

function childWithin(folder: string, path: string): string {
  return path.slice(folder === '' ? 0 : folder.length + 1).split('/')[0] ?? '';
}

/** The files that a file imports, by their paths under lib/. */
function targetsOf(file: string, source: string): string[] {
  return importsOf(source)
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from }) => join(dirname(file), from).replaceAll('\\', '/').replace(/\.js$/, '.ts'));
}

function sdkFaults(file: string, source: string): string[] {
  if (!source.includes('@aws-sdk')) return [];
  if (dirname(file) !== SDK_FOLDER) return ['names the AWS SDK'];
  return importsOf(source)
    .filter(({ from, isLazy }) => from.startsWith('@aws-sdk/') && !isLazy)
    .map(({ from }) => `loads ${from} at once`);
}

function ioImports(file: string, source: string): string[] {
  if (!FOLDERS_WITHOUT_IO.includes(topFolderOf(file))) return [];
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
 * Walks through the brackets of a file. An `await` runs later if a bracket around it belongs to an async
 * function, or if an async function begins earlier in its own statement.
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

function topFolderOf(path: string): string {
  return childWithin('', path);
}
