/**
 * Compiles the modules of this folder to WebAssembly: `npm run wasm`. With `--check` it writes
 * nothing, and exits with 1 if the code in lib/ is not what the compiler makes of the sources.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import asc from 'assemblyscript/asc';

/** The sources, and the modules of lib/ that hold their code. */
const MODULES = [
  {
    source: 'json-scanner.ts',
    path: 'lib/codec/json-lines/json-scanner-code.ts',
    declaration: ['/** The scanner of JSON: ', 'SCANNER_CODE'],
  },
  {
    source: 'snappy.ts',
    path: 'lib/exporting/parquet/snappy-code.ts',
    declaration: ['/** The compressor of Snappy: ', 'SNAPPY_CODE'],
  },
];
const LINE_CHARACTERS = 92;

for (const module of MODULES) {
  const path = fileURLToPath(new URL(`../${module.path}`, import.meta.url));
  const code = moduleOf(module, await compile(module.source));
  if (!process.argv.includes('--check')) {
    writeFileSync(path, code);
  } else if (readFileSync(path, 'utf8') !== code) {
    console.error(`${module.path} is not current: run npm run wasm`);
    process.exitCode = 1;
  }
}

async function compile(name) {
  const source = readFileSync(new URL(name, import.meta.url), 'utf8');
  const output = new Map();
  const options = ['-O3', '--runtime', 'stub', '--enable', 'simd', '--noAssert', '-o', 'code.wasm'];
  const { error, stderr } = await asc.main([name, ...options], {
    readFile: (path) => (path === name ? source : null),
    writeFile: (path, contents) => void output.set(path, contents),
  });
  const bytes = output.get('code.wasm');
  if (error !== null || !(bytes instanceof Uint8Array)) throw new Error(stderr.toString());
  return bytes;
}

/** The module of lib/ that holds the code, formatted as the project's code is. */
function moduleOf({ declaration: [comment, name], source }, bytes) {
  const text = Buffer.from(bytes).toString('base64');
  const lines = text.match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? [];
  return [
    `// \`npm run wasm\` makes this file from wasm/${source}.`,
    '',
    `${comment}a WebAssembly module in base64, so that bundles hold it. */`,
    `export const ${name} = [`,
    ...lines.map((line) => `  '${line}',`),
    "].join('');",
    '',
  ].join('\n');
}
