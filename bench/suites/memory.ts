import { MEBIBYTES, type Suite } from '../suite.js';

export const memorySuite: Suite = {
  name: 'memory',
  tables: [
    {
      title: 'Largest resident set of a writer',
      input: 'small',
      rows: [
        { name: 'memoryLittle', title: '100 MB written' },
        { name: 'memoryMuch', title: '10 GB written' },
        { name: 'memorySlowStore', title: '20 MB shipped to a store of 1 MB/s' },
      ],
      processes: 'fresh',
      value: MEBIBYTES,
      targets: [
        {
          what: 'memory: peak RSS at 10 GB written, x at 100 MB',
          of: 'memoryMuch',
          over: 'memoryLittle',
          by: 'value',
          most: 1.2,
        },
        {
          what: 'memory: peak RSS with a store 100 times slower than the source, x at 100 MB',
          of: 'memorySlowStore',
          over: 'memoryLittle',
          by: 'value',
          most: 1.2,
        },
      ],
      isLong: true,
      mostRounds: 1,
    },
  ],
};
