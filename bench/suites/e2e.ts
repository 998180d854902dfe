import { spawnSync } from 'node:child_process';

import { MEBIBYTES, type Suite, type Target } from '../suite.js';

const hasRclone = spawnSync('rclone', ['version']).status === 0;

const TIMES_RCLONE: Target = {
  what: 'end to end, gzip: CPU x split + gzip -6 + rclone',
  // Speeds by CPU time: the other way round, the ratio is that of the times.
  of: 'e2eRclone',
  over: 'e2eShoebox',
  by: 'cpu',
  most: 1,
};

const PEAK: Target = {
  what: 'end to end, gzip: peak RSS in MiB',
  of: 'e2eShoebox',
  by: 'value',
  // 150 MB.
  most: 143,
};

/** From a file of JSON lines to S3. CPU time and memory are those of all processes. */
export const e2eSuite: Suite = {
  name: 'e2e',
  needs: process.env.S3_ENDPOINT === undefined ? 'S3_ENDPOINT' : null,
  tables: [
    {
      title: 'End to end: 406 MB of JSON lines to 8 objects on S3; the largest resident set',
      input: 'corpus',
      rows: [
        {
          name: 'e2eShoebox',
          title: 'createArchiveWriter with ship, gzip; the payload is the line',
        },
        { name: 'e2eGzip', title: 'gzip -6 into a file, no upload' },
        ...(hasRclone
          ? [{ name: 'e2eRclone', title: 'split, gzip -6, rclone rcat' } as const]
          : []),
      ],
      value: MEBIBYTES,
      targets: [...(hasRclone ? [TIMES_RCLONE] : []), PEAK],
    },
  ],
};
