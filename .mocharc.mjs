import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files of several seconds each, slowest first: one that starts last would keep one worker busy alone. */
const SLOWEST = [];

/** `npm run spec -- FILE…` runs those files in one process, where `.only` and a debugger work. */
const named = process.argv.slice(2).filter((argument) => argument.startsWith('spec/'));

function allSpecs() {
  const specs = readdirSync('spec', { recursive: true })
    .filter((file) => file.endsWith('.spec.ts'))
    .map((file) => join('spec', file))
    .sort();
  return [...SLOWEST, ...specs.filter((spec) => !SLOWEST.includes(spec))];
}

export default {
  import: 'tsx',
  timeout: 20_000,
  forbidOnly: true,
  parallel: named.length === 0,
  jobs: 2,
  spec: named.length === 0 ? allSpecs() : [],
};
