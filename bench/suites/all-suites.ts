import type { Suite } from '../suite.js';
import { codecSuite } from './codec.js';
import { defaultsSuite } from './defaults.js';
import { e2eSuite } from './e2e.js';
import { exportSuite } from './export.js';
import { firstSuite } from './first.js';
import { growthSuite } from './growth.js';
import { gzipSuite } from './gzip.js';
import { kafkaSuite } from './kafka.js';
import { manySuite } from './many.js';
import { memorySuite } from './memory.js';
import { readSuite } from './read.js';
import { rollSuite } from './roll.js';
import { seekSuite } from './seek.js';
import { shipSuite } from './ship.js';
import { smallArchivesSuite } from './small-archives.js';
import { syncSuite } from './sync.js';
import { writeSuite } from './write.js';

/** All suites, in the order in which they run. */
export const SUITES: readonly Suite[] = [
  writeSuite,
  readSuite,
  gzipSuite,
  smallArchivesSuite,
  shipSuite,
  e2eSuite,
  kafkaSuite,
  syncSuite,
  exportSuite,
  rollSuite,
  seekSuite,
  firstSuite,
  manySuite,
  memorySuite,
  growthSuite,
  codecSuite,
  defaultsSuite,
];
