// Follows the series of a torture run, from the last cursor in its log, until it is killed. Each line
// of the log holds records and the cursor after them. Arguments: the log, the kind of reading, the
// spool, the store.
import { openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

import { type ArchiveRecord, createArchiveReader, openStore } from '../../lib/index.js';
import type { TortureRecord } from '../record.js';
import type { LogLine } from './log.js';

const [path = '', kind = '', spool = '', store = ''] = process.argv.slice(2);

// A kill may cut the last line off: its records count as not read.
const log = readFileSync(path, 'utf8');
const whole = log.slice(0, log.lastIndexOf('\n') + 1);
truncateSync(path, Buffer.byteLength(whole));
const last = whole.split('\n').at(-2);
const after = last === undefined ? undefined : (JSON.parse(last) as LogLine).cursor;
const file = openSync(path, 'a');

const stored = kind === 'paths' ? store : { store: openStore(store), pattern: '**' };
const reader = createArchiveReader([spool, stored], { follow: true, after });
reader.on('gap', (gap) => note([], gap));

/** The parent may kill this process from now on. */
process.send?.('following');

switch (kind) {
  case 'batches':
    for await (const records of reader.batches()) note(records);
    break;
  case 'data':
    reader.on('data', (record) => note([record]));
    break;
  default:
    for await (const record of reader) note([record]);
}

function note(records: readonly ArchiveRecord[], gap?: LogLine['gap']): void {
  const numbers = records.map((record) => {
    const { run, n } = record.json() as TortureRecord;
    return [run, n] as const;
  });
  const line: LogLine = { cursor: reader.cursor, numbers, gap };
  writeSync(file, `${JSON.stringify(line)}\n`);
}
