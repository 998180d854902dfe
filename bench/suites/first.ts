import { MEBIBYTES, MILLISECONDS, type Suite } from '../suite.js';

export const firstSuite: Suite = {
  name: 'first',
  tables: [
    {
      title: 'The first record of 100,000 archives: time',
      input: 'small',
      rows: [
        { name: 'firstByName', title: 'in the order of names' },
        { name: 'firstByTime', title: "order: 'time', which reads all heads first" },
      ],
      processes: 'fresh',
      value: MILLISECONDS,
      targets: [
        {
          what: 'first: ms until the first record of 100,000 archives',
          of: 'firstByName',
          by: 'value',
          most: 2000,
        },
      ],
      isLong: true,
      mostRounds: 1,
    },
    {
      title: 'The first record of 100,000 archives: largest resident set',
      input: 'small',
      rows: [{ name: 'firstMemory', title: 'in the order of names' }],
      processes: 'fresh',
      value: MEBIBYTES,
      targets: [
        {
          what: 'first: MiB of RSS until the first record of 100,000 archives',
          of: 'firstMemory',
          by: 'value',
          most: 200,
        },
      ],
      isLong: true,
      mostRounds: 1,
    },
  ],
};
