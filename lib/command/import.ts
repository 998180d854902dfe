import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import { type ArchiveWriter, fromJsonLines } from '../index.js';
import { defineCommand } from './command-definition.js';
import { JSON_OPTION } from './options/shared-options.js';
import { UsageError } from './options/usage-error.js';
import { openWriter, WRITER_OPTIONS } from './options/writer-options.js';
import { checkWritable } from './output/check-directory.js';
import { closeWriter } from './output/close-writer.js';
import { findFile } from './output/find-file.js';

/** Turns lossless JSON lines back into archives. */
export const importLines = defineCommand({
  name: 'import',
  args: '<file-or-dir...>',
  summary: 'turn lossless JSON lines back into archives: FILE… DIR',
  options: { ...WRITER_OPTIONS, ...JSON_OPTION },
  examples: ['shoebox cat archive > all.jsonl && shoebox import all.jsonl copy'],
  async run({ args, options, signal, terminal }) {
    const [directory = '', ...files] = args.toReversed();
    if (files.length === 0) throw new UsageError('import needs FILE… and DIR');
    await checkWritable(directory, options);
    const writer = await openWriter(directory, options);
    let failure: unknown;
    // It fails by itself if the directory is missing.
    writer.once('error', (error) => {
      failure ??= error;
    });
    try {
      for (const file of files.toReversed()) await importFile(file, writer, signal);
    } catch (error) {
      failure = error;
    }
    // Everything before the failure is kept.
    const code = await closeWriter(writer, options.deadline, terminal);
    if (options.json) {
      const { left, records, sealed, sealedBytes, shipped } = writer.stats();
      const counts = { records, sealed, sealedBytes, shipped, left };
      await terminal.printJson({ type: 'summary', ...counts });
    }
    if (failure !== undefined) throw failure;
    return code;
  },
});

async function checkInput(file: string): Promise<void> {
  const status = await findFile(file);
  if (status === undefined) throw new Error(`there is no file ${file}`);
  if (status.isDirectory()) throw new Error(`${file} is a directory, expected JSON lines`);
}

async function importFile(file: string, writer: ArchiveWriter, signal: AbortSignal): Promise<void> {
  await checkInput(file);
  const parser = fromJsonLines({ lossless: true });
  const read = pipeline(createReadStream(file), parser, { signal });
  // The loop throws the same error.
  read.catch(() => undefined);
  for await (const record of parser) {
    if (!writer.write(record)) await writer.ready();
  }
  await read;
}
