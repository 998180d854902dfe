/**
 * Compiles the scanner of JSON to WebAssembly: `npm run wasm`. With `--check` it writes nothing, and
 * exits with 1 if the code in lib/ is not what the compiler makes of the source.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import asc from 'assemblyscript/asc';

const SOURCE = fileURLToPath(new URL('json-scanner.ts', import.meta.url));
const CODE = fileURLToPath(
  new URL('../lib/codec/json-lines/json-scanner-code.ts', import.meta.url),
);
const LINE_CHARACTERS = 92;

const code = moduleOf(await compile());
if (!process.argv.includes('--check')) {
  writeFileSync(CODE, code);
} else if (readFileSync(CODE, 'utf8') !== code) {
  console.error('lib/codec/json-lines/json-scanner-code.ts is not current: run npm run wasm');
  process.exitCode = 1;
}

async function compile() {
  const source = readFileSync(SOURCE, 'utf8');
  const output = new Map();
  const options = ['-O3', '--runtime', 'stub', '--enable', 'simd', '--noAssert', '-o', 'scan.wasm'];
  const { error, stderr } = await asc.main(['json-scanner.ts', ...options], {
    readFile: (name) => (name === 'json-scanner.ts' ? source : null),
    writeFile: (name, contents) => void output.set(name, contents),
  });
  const bytes = output.get('scan.wasm');
  if (error !== null || !(bytes instanceof Uint8Array)) throw new Error(stderr.toString());
  return bytes;
}

/** The module of lib/ that holds the code, formatted as the project's code is. */
function moduleOf(bytes) {
  const text = Buffer.from(bytes).toString('base64');
  const lines = text.match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? [];
  return [
    '// `npm run wasm` makes this file from wasm/json-scanner.ts.',
    '',
    '/** The scanner of JSON: a WebAssembly module in base64, so that bundles hold it. */',
    'export const SCANNER_CODE = [',
    ...lines.map((line) => `  '${line}',`),
    "].join('');",
    '',
  ].join('\n');
}
