import { spawnSync } from 'node:child_process';
import zlib from 'node:zlib';

import type { CaseName } from '../case-list.js';
import { MEBIBYTES, type Suite, type Target } from '../suite.js';

const hasRclone = spawnSync('rclone', ['version']).status === 0;

/** Node 22.15 and later have zstd. */
const hasZstd = 'createZstdCompress' in zlib;

const RCLONE = { name: 'e2eRclone', title: 'split, gzip -6, rclone rcat' } as const;
const ZSTD = { name: 'e2eShoeboxZstd', title: 'createArchiveWriter with ship, zstd' } as const;

const targetsOf = (of: CaseName, compression: string, mostCpu: number): Target[] => [
  ...(hasRclone ? [timesRclone(of, compression, mostCpu)] : []),
  // 150 MB.
  { what: `end to end, ${compression}: peak RSS in MiB`, of, by: 'value', most: 143 },
];

const timesRclone = (over: CaseName, compression: string, most: number): Target => ({
  what: `end to end, ${compression}: CPU x split + gzip -6 + rclone`,
  // Speeds by CPU time: the other way round, the ratio is that of the times.
  of: 'e2eRclone',
  over,
  by: 'cpu',
  most,
});

/** From a file of JSON lines to S3. CPU time and memory are those of all processes. */
export const e2eSuite: Suite = {
  name: 'e2e',
  needs: process.env.S3_ENDPOINT === undefined ? 'S3_ENDPOINT' : null,
  tables: [
    {
      title: 'End to end: 406 MB of JSON lines to 8 objects on S3; the largest resident set',
      input: 'corpus',
      rows: [
        { name: 'e2eShoebox', title: 'createArchiveWriter with ship, gzip' },
        ...(hasZstd ? [ZSTD] : []),
        { name: 'e2eGzip', title: 'gzip -6 into a file, no upload' },
        ...(hasRclone ? [RCLONE] : []),
      ],
      value: MEBIBYTES,
      targets: [
        ...targetsOf('e2eShoebox', 'gzip', 1),
        ...(hasZstd ? targetsOf('e2eShoeboxZstd', 'zstd', 0.6) : []),
      ],
    },
  ],
};
