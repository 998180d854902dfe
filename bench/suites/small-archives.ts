import type { Suite } from '../suite.js';

export const smallArchivesSuite: Suite = {
  name: 'small',
  tables: [
    {
      title: 'Read 10,000 gzipped archives of 20 records',
      input: 'small',
      rows: [
        { name: 'readSmall', title: 'createArchiveReader, batches, with zlib-sync' },
        { name: 'readSmallWithout', title: 'the same without zlib-sync' },
      ],
      targets: [
        {
          what: 'small archives: records per CPU time with zlib-sync, x without',
          of: 'readSmall',
          over: 'readSmallWithout',
          by: 'cpu',
          least: 1.43,
        },
      ],
      isLong: true,
    },
  ],
};
