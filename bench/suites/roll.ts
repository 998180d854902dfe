import { MILLISECONDS, type Suite } from '../suite.js';

export const rollSuite: Suite = {
  name: 'roll',
  tables: [
    {
      title: "Roll under load: 99.9th percentile of write()'s turnaround",
      input: 'small',
      rows: [
        { name: 'rollUnderLoad', title: '20,000 records/s, 10 archives' },
        { name: 'loadWithoutRoll', title: '20,000 records/s, one archive' },
      ],
      value: MILLISECONDS,
      targets: [
        {
          what: "roll under load: 99.9th percentile of write()'s turnaround, x without rolling",
          of: 'rollUnderLoad',
          over: 'loadWithoutRoll',
          by: 'value',
          most: 2,
        },
      ],
      isLong: true,
    },
  ],
};
