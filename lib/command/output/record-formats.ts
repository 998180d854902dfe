import { Transform } from 'node:stream';

import { type ArchiveRecord, toCsv, toJsonLines, toPayloads } from '../../index.js';

/** How records are printed. */
export const FORMATS = ['json', 'payload', 'metadata', 'hex', 'csv'] as const;
export type RecordFormat = (typeof FORMATS)[number];

/** The columns of CSV, unless others are named. */
export const CSV_COLUMNS = ['time', 'writer', 'sequence', 'metadata', 'payload'];

/** A Transform from records to the bytes that are printed. */
export function createFormatter(format: RecordFormat): Transform {
  switch (format) {
    case 'json':
      return toJsonLines({ lossless: true });
    case 'payload':
      return toPayloads();
    case 'metadata':
      return eachRecord((record) => `${JSON.stringify(record.metadata)}\n`);
    case 'hex':
      return eachRecord(hexDump);
    case 'csv':
      return toCsv({ columns: CSV_COLUMNS });
  }
}

function eachRecord(print: (record: ArchiveRecord) => string): Transform {
  return new Transform({
    writableObjectMode: true,
    transform: (record: ArchiveRecord, _encoding, done) => done(null, print(record)),
  });
}

const BYTES_PER_LINE = 16;

/** A line that names the record, then its payload as `hexdump -C` shows bytes. */
function hexDump(record: ArchiveRecord): string {
  const { payload, sequence, time, writer } = record;
  const name = [writer, sequence, time?.toISOString()].filter((part) => part !== undefined);
  const lines = [`# ${name.join(' ')} ${JSON.stringify(record.metadata)}`];
  for (let at = 0; at < payload.length; at += BYTES_PER_LINE) {
    lines.push(hexLine(payload.subarray(at, at + BYTES_PER_LINE), at));
  }
  return `${lines.join('\n')}\n`;
}

function hexLine(bytes: Buffer, at: number): string {
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  const [left, right] = [pairs.slice(0, 8).join(' '), pairs.slice(8).join(' ')];
  const text = [...bytes].map((byte) =>
    byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.',
  );
  const columns = `${left}  ${right}`.padEnd(3 * BYTES_PER_LINE);
  return `${at.toString(16).padStart(8, '0')}  ${columns}  |${text.join('')}|`;
}
