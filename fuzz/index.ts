/**
 * Checks the properties of `spec/properties` with many inputs: `tsx fuzz/index.ts --runs 100000
 * --seed 7`. `--runs` counts the runs of all properties together. Without `--seed`, each call tries
 * other inputs. Prints the runs and failures of each property, and exits with 1 if one failed.
 */
import { parseArgs } from 'node:util';

import fc from 'fast-check';

import { allProperties } from '../spec/properties/all-properties.js';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string' } },
});
const runs = countOf('runs', values.runs);
const seed = values.seed === undefined ? Date.now() >>> 0 : countOf('seed', values.seed);

const runsOfEach = Math.ceil(runs / allProperties.length);
console.log(`${runs} runs, seed ${seed}`);
let failures = 0;
for (const { name, property } of allProperties) {
  const result = fc.check(property, { numRuns: runsOfEach, seed });
  if (result instanceof Promise) throw new TypeError(`not synchronous: ${name}`);
  const failed = result.failed ? 1 : 0;
  failures += failed;
  console.log(`${result.numRuns} runs, ${failed} failures: ${name}`);
  if (result.failed) console.log(fc.defaultReportMessage(result));
}
process.exitCode = failures === 0 ? 0 : 1;

function countOf(name: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new RangeError(`--${name} is ${text}, expected a whole number, 1 or more`);
}
