// Makes many archives of one writer, with one record each, and with the names that the default
// template gives, one opened each minute. Arguments: directory, count. A process of its own, so that
// the memory of the measured process is that of reading.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { Encoder, type RecordInput } from 'shoebox-archive';

const [directory = '', count = ''] = process.argv.slice(2);

const WRITER = '0123456789abcdef';
const BEGIN_MS = Date.UTC(2026, 0, 1);
const STEP_MS = 60_000;

function* records(): Generator<RecordInput> {
  for (let i = 0; i < Number(count); i++) {
    yield { payload: `{"n":${i}}`, time: BEGIN_MS + STEP_MS * i };
  }
}

function nameOf(ordinal: number): string {
  const time = new Date(BEGIN_MS + STEP_MS * ordinal).toISOString().slice(0, 19);
  const sequence = String(ordinal).padStart(6, '0');
  return `events_${time.replaceAll(':', '-')}_${WRITER}-${sequence}.events`;
}

// Each block of one record is an archive without an index. A loop would get several joined.
const encoder = new Encoder({ blockBytes: 1, writerId: Buffer.from(WRITER, 'hex') });
let ordinal = 0;
encoder.on('data', (block: Buffer) => writeFileSync(join(directory, nameOf(ordinal++)), block));
await pipeline(Readable.from(records()), encoder);
if (ordinal !== Number(count)) throw new Error(`made ${ordinal} archives of ${count}`);
