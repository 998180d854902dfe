import { MEBIBYTES, type Suite } from '../suite.js';

export const shipSuite: Suite = {
  name: 'ship',
  tables: [
    {
      title: 'Ship an archive of 2 GiB to a directory; the largest resident set',
      input: 'corpus',
      rows: [
        { name: 'shipShoebox', title: 'ship: compress, sync, confirm' },
        { name: 'shipGzip', title: 'zlib.createGzip into a file, synced' },
      ],
      processes: 'fresh',
      value: MEBIBYTES,
      targets: [],
      isLong: true,
    },
  ],
};
