// Writes an archive, ships it once so that a journal exists, and sends its facts to the parent.
// Arguments: directory, input, scale.
import { join } from 'node:path';

import { createArchiveWriter, rollNever, type ShippedArchive } from 'shoebox-archive';

import { emptyDirectory } from './empty-directory.js';
import { inputOf, isInputName, loadInput } from './inputs/input.js';
import { unsyncedFiles } from './unsynced-files.js';
import { writeSeries } from './write-series.js';

/** The message to the parent. */
export type MadeArchive = Pick<ShippedArchive, 'bytes' | 'path' | 'records'>;

const ARCHIVE_BYTES = 2 * 2 ** 30;

const [directory = '', inputName, scale] = process.argv.slice(2);
if (!isInputName(inputName)) throw new Error(`unknown input ${inputName}`);
const sample = await loadInput(inputName, 0.01);
const count = Math.ceil((ARCHIVE_BYTES * Number(scale) * sample.count) / sample.bytes);
const [spool, to] = [join(directory, 'spool'), join(directory, 'store')];
await Promise.all([emptyDirectory(spool), emptyDirectory(to)]);
const input = inputOf(sample.name, sample.distinct, count);
await writeSeries(spool, input, { roll: rollNever(), sync: 'no', files: unsyncedFiles });
const writer = createArchiveWriter({
  directory: spool,
  ship: { to, localFile: 'keep', endTimeout: '1h' },
});
const shipped: ShippedArchive[] = [];
writer.on('shipped', (archive) => shipped.push(archive));
await writer.close();
const [archive] = shipped;
if (archive === undefined) throw new Error('no archive was shipped');
const { bytes, path, records } = archive;
const made: MadeArchive = { bytes, path, records };
process.send?.(made);
process.disconnect();
