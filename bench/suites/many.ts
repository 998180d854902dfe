import type { CaseName } from '../case-list.js';
import { MEBIBYTES, type Suite, type Target } from '../suite.js';

const rows: ReadonlyArray<{ readonly name: CaseName; readonly title: string }> = [
  { name: 'manyDefault', title: 'createArchiveReader' },
  { name: 'manyMerged', title: "order: 'merged', 300 writers" },
  { name: 'manyCursor', title: 'a half, and the rest after its cursor' },
  { name: 'manyTimed', title: 'from and to, a minute' },
  { name: 'manyFollowed', title: 'follow, and one record more' },
  { name: 'manyVerified', title: 'verifyArchives' },
];

/** MiB of the largest resident set. */
const MOST = 200;

export const manySuite: Suite = {
  name: 'many',
  tables: [
    {
      title: 'Largest resident set over 10,200 archives of 300 writers',
      input: 'small',
      rows,
      processes: 'fresh',
      value: MEBIBYTES,
      targets: rows.map(
        ({ name, title }): Target => ({
          what: `many: MiB of memory with 10,200 archives: ${title}`,
          ...{ of: name, by: 'value', most: MOST },
        }),
      ),
      isLong: true,
      mostRounds: 1,
    },
  ],
};
