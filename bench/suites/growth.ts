import type { CaseName } from '../case-list.js';
import type { BenchTable, Suite, Target } from '../suite.js';

const LEAST = 0.9;

const constant = (what: string, of: CaseName, over: CaseName): Target => ({
  what: `cost as work grows: speed ${what}`,
  of,
  over,
  by: 'speed',
  least: LEAST,
});

const records: BenchTable = {
  title: 'Cost as records grow in number, small records',
  input: 'small',
  rows: [
    { name: 'writeRecords1e4', title: 'write 10,000 records' },
    { name: 'writeRecords1e5', title: 'write 100,000 records' },
    { name: 'writeRecords1e6', title: 'write 1,000,000 records' },
    { name: 'writeRecords1e7', title: 'write 10,000,000 records' },
    { name: 'readRecords1e4', title: 'read 10,000 records' },
    { name: 'readRecords1e5', title: 'read 100,000 records' },
    { name: 'readRecords1e6', title: 'read 1,000,000 records' },
    { name: 'readRecords1e7', title: 'read 10,000,000 records' },
  ],
  targets: [
    constant('of writing 10^7 records, x 10^4', 'writeRecords1e7', 'writeRecords1e4'),
    constant('of reading 10^7 records, x 10^4', 'readRecords1e7', 'readRecords1e4'),
  ],
  isLong: true,
  mostRounds: 3,
};

const archives: BenchTable = {
  title: 'Cost as archives grow in number, 1,000 small records each',
  input: 'small',
  rows: [
    { name: 'writeArchives1', title: 'write 1 archive' },
    { name: 'writeArchives100', title: 'write 100 archives' },
    { name: 'writeArchives10000', title: 'write 10,000 archives' },
    { name: 'readArchives1', title: 'read 1 archive' },
    { name: 'readArchives100', title: 'read 100 archives' },
    { name: 'readArchives10000', title: 'read 10,000 archives' },
  ],
  targets: [
    constant('of writing 10,000 archives, x 1', 'writeArchives10000', 'writeArchives1'),
    constant('of reading 10,000 archives, x 1', 'readArchives10000', 'readArchives1'),
  ],
  isLong: true,
  mostRounds: 3,
};

export const growthSuite: Suite = { name: 'growth', tables: [records, archives] };
