import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { buildSync } from 'esbuild';

import { QUICK_PLACE } from './quick-place.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The files of `lib` and `spec/support`, besides `*-child.ts`, that child processes load. */
const ENTRIES = [
  'lib/index.ts',
  'lib/command/main.ts',
  'lib/sources/kafka.ts',
  'lib/sources/pino-transport.ts',
  'lib/stores/open-store.ts',
  'lib/streams/clock.ts',
  'lib/streams/closed-pipe.ts',
  'lib/streams/compression/seekable-gzip.ts',
  'lib/streams/hashing-thread.ts',
  'lib/writing/rolling-write-stream.ts',
  'spec/support/memory-store.ts',
];

let output: string | undefined;

/**
 * The URL of a file as JavaScript, for child processes: they start in a tenth of the time that tsx
 * takes. The first call bundles all of them, so that all share their modules; the end of this
 * process removes them.
 */
export function compiled(source: URL): URL {
  output ??= compile();
  const path = relative(ROOT, fileURLToPath(source)).replace(/\.ts$/, '.js');
  const file = join(output, path);
  if (existsSync(file)) return pathToFileURL(file);
  throw new Error(`${path} is not compiled: add it to ENTRIES of spec/support/compiled.ts`);
}

function compile(): string {
  const outdir = mkdtempSync(join(QUICK_PLACE, 'shoebox-compiled-'));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  const children = readdirSync(join(ROOT, 'spec/support'))
    .filter((name) => name.endsWith('-child.ts'))
    .map((name) => `spec/support/${name}`);
  buildSync({
    entryPoints: [...ENTRIES, ...children].map((path) => join(ROOT, path)),
    outdir,
    outbase: ROOT,
    bundle: true,
    splitting: true,
    packages: 'external',
    // As deep as the files of lib/command, which read package.json two folders above.
    chunkNames: 'lib/chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  copyFileSync(join(ROOT, 'package.json'), join(outdir, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(outdir, 'node_modules'));
  return outdir;
}
