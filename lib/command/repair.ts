import type { Stats } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';

import { repairArchive } from '../index.js';
import { defineCommand } from './command-definition.js';
import { asText, option } from './options/option.js';
import { JSON_OPTION, OVERWRITE_OPTIONS } from './options/shared-options.js';
import { UsageError } from './options/usage-error.js';
import { escapeName } from './output/escape-name.js';
import { findFile } from './output/find-file.js';
import { prepareOutput } from './output/output-file.js';
import { countOf, formatBytes } from './output/quantities.js';

/** Copies what is left of a damaged archive; the original is kept. */
export const repair = defineCommand({
  name: 'repair',
  args: '<file>',
  summary: 'copy what is left of a damaged archive',
  options: {
    output: option('-o, --output <file>', 'where the new archive goes', asText),
    ...OVERWRITE_OPTIONS,
    ...JSON_OPTION,
  },
  examples: ['shoebox repair archive/a.events -o archive/a.repaired.events'],
  async run({ args: [file = ''], options, signal, terminal }) {
    const { force, json, output } = options;
    if (output === undefined) throw new UsageError('repair needs -o FILE for the new archive');
    const original = await findFile(file);
    if (original === undefined) {
      const hint = file.includes('://') ? ': get it with shoebox fetch' : '';
      throw new Error(`there is no file ${file}${hint}`);
    }
    if (force) await checkOther(output, original);
    if (!(await prepareOutput(output, options, terminal))) return 0;
    // Replaces an output only by a complete one.
    const written = force ? `${output}.${process.pid}.new` : output;
    const report = await repairArchive(file, written, { signal });
    if (report.frames === 0 && report.damagedStretches > 0) {
      await unlink(written);
      throw new Error(`nothing of ${file} is part of an archive: ${report.damage[0]?.reason}`);
    }
    if (force) await rename(written, output);
    const { bytes, damage, damagedStretches, records } = report;
    const to = output;
    if (json) {
      await terminal.printJson({
        type: 'summary',
        archive: file,
        to,
        bytes,
        records,
        damagedStretches,
      });
      return 0;
    }
    for (const { begin, end, reason } of damage) {
      terminal.note(`left out bytes ${begin} to ${end}: ${reason}`);
    }
    await terminal.printLine(
      `${escapeName(to)}: ${countOf(records, 'record')}, ${formatBytes(bytes)}, ` +
        `${countOf(damagedStretches, 'damaged stretch').replace(/stretchs$/, 'stretches')} left out`,
    );
    return 0;
  },
});

async function checkOther(output: string, original: Stats): Promise<void> {
  const existing = await findFile(output);
  if (existing?.ino === original.ino && existing.dev === original.dev) {
    throw new UsageError(`${output} is the archive itself, expected another file`);
  }
}
