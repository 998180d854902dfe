import { MEBIBYTES, type Suite } from '../suite.js';

export const seekSuite: Suite = {
  name: 'seek',
  tables: [
    {
      title: 'Seek: the records of 1 % of the time of a 1 GiB archive',
      input: 'corpus',
      rows: [
        { name: 'seekFile', title: 'createArchiveReader, from and to, a file' },
        { name: 'seekWholeFile', title: 'the whole file' },
        { name: 'seekStore', title: 'createArchiveReader, from and to, gzip in a store' },
        { name: 'seekWholeStore', title: 'the whole object' },
      ],
      processes: 'fresh',
      value: MEBIBYTES,
      targets: [
        {
          what: 'seek: bytes read of a local file, x all of its bytes',
          of: 'seekFile',
          over: 'seekWholeFile',
          by: 'value',
          most: 0.02,
        },
        {
          what: 'seek: bytes got of an object by ranged GETs, x all of its bytes',
          of: 'seekStore',
          over: 'seekWholeStore',
          by: 'value',
          most: 0.02,
        },
      ],
      isLong: true,
      mostRounds: 1,
    },
  ],
};
