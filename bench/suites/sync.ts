import type { Suite } from '../suite.js';

export const syncSuite: Suite = {
  name: 'sync',
  tables: [
    {
      title: 'Sync always',
      input: 'small',
      rows: [
        { name: 'syncShoebox', title: "append, sync: 'always', 256 in flight" },
        { name: 'syncEach', title: 'limit: one writeSync and fdatasync a record' },
      ],
      targets: [
        {
          what: "write with sync: 'always', 256 appends in flight: x one fdatasync a record",
          of: 'syncShoebox',
          over: 'syncEach',
          by: 'speed',
          least: 50,
        },
      ],
    },
  ],
};
