import { Transform } from 'node:stream';

import { type ArchiveRecord, toCsv, toJsonLines, toPayloads } from '../../index.js';
import type { PrintOptions } from '../options/print-options.js';
import { escapeName } from './escape-name.js';

/** The columns of CSV, unless others are named. */
export const CSV_COLUMNS = ['time', 'writer', 'sequence', 'metadata', 'payload'];

/** A Transform from records to the bytes that are printed. */
export function createFormatter({ format, withOrigin: hasOrigin }: PrintOptions): Transform {
  switch (format) {
    case 'json':
      return toJsonLines({ lossless: true, origin: hasOrigin });
    case 'payload':
      if (!hasOrigin) return toPayloads();
      return eachRecord((record) =>
        Buffer.concat([Buffer.from(prefixOf(record)), record.payload, LINE_FEED]),
      );
    case 'metadata':
      return eachRecord(
        (record) => `${hasOrigin ? prefixOf(record) : ''}${JSON.stringify(record.metadata)}\n`,
      );
    case 'hex':
      return eachRecord((record) => hexDump(record, hasOrigin));
    case 'csv':
      return toCsv({ columns: hasOrigin ? ['archive', 'offset', ...CSV_COLUMNS] : CSV_COLUMNS });
  }
}

const LINE_FEED = Buffer.from('\n');

/** Names the archive, and the byte where the record's block begins. */
function prefixOf({ archive = '', offset }: ArchiveRecord): string {
  return `${escapeName(archive)}:${offset ?? ''}: `;
}

function eachRecord(print: (record: ArchiveRecord) => string | Buffer): Transform {
  return new Transform({
    writableObjectMode: true,
    transform: (record: ArchiveRecord, _encoding, done) => done(null, print(record)),
  });
}

const BYTES_PER_LINE = 16;

/** A line that names the record, then its payload as `hexdump -C` shows bytes. */
function hexDump(record: ArchiveRecord, hasOrigin: boolean): string {
  const { payload, sequence, time, writer } = record;
  const name = [writer, sequence, time?.toISOString()].filter((part) => part !== undefined);
  const origin = hasOrigin ? prefixOf(record) : '';
  const lines = [`# ${origin}${name.join(' ')} ${JSON.stringify(record.metadata)}`];
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
