import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Start first, slowest first: a long file that starts last would keep one worker busy alone. */
const SLOWEST = [
  'writing/network-files',
  'shipping/power-loss',
  'shipping/silent-s3',
  'writing/file-modes',
  'writing/waiting-process',
  'shipping/silent-store',
  'writing/changed-open-file',
  'codec/frames/skipped-damage',
  'shipping/create-archive-writer',
  'stores/s3/s3-faults',
  'shipping/killed-shipment',
  'streams/compression/seekable-gzip',
  'writing/recovery/recover-archive',
  'stores/s3/conditional-writes',
  'stores/s3/s3-store',
  'shipping/store-outage',
  'writing/failing-disk',
  'writing/recovery/recover-archive-steps',
  'reading/rolling-read-stream',
].map((name) => join('spec', `${name}.spec.ts`));

function allSpecs() {
  const specs = readdirSync('spec', { recursive: true })
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => join('spec', name))
    .sort();
  return [...SLOWEST, ...specs.filter((spec) => !SLOWEST.includes(spec))];
}

const TYPESCRIPT = './spec/support/import-typescript.mjs';

/** Named files or folders run in one process, where `.only` and a debugger work. */
const named = process.argv.slice(2).filter((argument) => /^(\.\/)?spec(\/|$)/.test(argument));

/**
 * V8 counts the slabs of writers as old memory. Without this room it collects all garbage after every few
 * tests, 260 times instead of 80. On Node 20, it also optimizes what has run for a moment, as if it ran for
 * hours: with 15 times its usual budget, the specs take 5 % less CPU. These options would hide those of a
 * debugger.
 */
const NODE_OPTIONS = [
  `import=${TYPESCRIPT}`,
  'initial-old-space-size=512',
  ...(process.versions.node.startsWith('20.') ? ['interrupt-budget=1000000'] : []),
];

export default {
  ...(named.length === 0 ? { 'node-option': NODE_OPTIONS } : { import: TYPESCRIPT }),
  require: './spec/support/fixed-seed.mjs',
  timeout: 20_000,
  forbidOnly: named.length === 0,
  parallel: named.length === 0,
  // One more than two cores: some specs wait for child processes and leases.
  jobs: 3,
  extension: ['spec.ts'],
  recursive: true,
  spec: named.length === 0 ? allSpecs() : [],
};
