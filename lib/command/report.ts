import { Readable } from 'node:stream';

import { defineCommand } from './command-definition.js';
import { asText, option } from './options/option.js';
import { readSelection } from './options/read-selection.js';
import {
  JSON_OPTION,
  ORDER_OPTION,
  OVERWRITE_OPTIONS,
  S3_OPTIONS,
  SELECTION_OPTIONS,
} from './options/shared-options.js';
import { UsageError } from './options/usage-error.js';
import { escapeName } from './output/escape-name.js';
import { prepareOutput, writeOutput } from './output/output-file.js';
import { countOf, formatBytes } from './output/quantities.js';
import { collectReport } from './report/collect-report.js';
import { reportPage } from './report/report-page.js';

/** Makes one page about a series, which needs no network. */
export const report = defineCommand({
  name: 'report',
  args: '<pattern...>',
  summary: 'make a page with a timeline, sizes, metadata and all archives',
  options: {
    output: option('-o, --output <file>', 'the HTML file', asText),
    ...OVERWRITE_OPTIONS,
    ...JSON_OPTION,
    ...SELECTION_OPTIONS,
    ...ORDER_OPTION,
    ...S3_OPTIONS,
  },
  examples: ['shoebox report archive -o report.html'],
  async run({ args, options, signal, terminal }) {
    const { force, json, output } = options;
    if (output === undefined) throw new UsageError('report needs -o FILE');
    if (!(await prepareOutput(output, options, terminal))) return 0;
    const data = await collectReport(args, readSelection(options), signal, (records) =>
      terminal.showStatus(`${countOf(records, 'record')} read`),
    );
    const bytes = await writeOutput(output, Readable.from([Buffer.from(reportPage(data))]), force);
    terminal.clearStatus();
    const { archives, moreProblems, problems, records } = data;
    if (json) {
      const counts = { archives: archives.length, problems: problems.length + moreProblems };
      await terminal.printJson({ type: 'summary', output, records, ...counts, bytes });
    }
    const found = countOf(problems.length + moreProblems, 'problem');
    terminal.note(
      `${escapeName(output)}: ${countOf(archives.length, 'archive')}, ` +
        `${countOf(records, 'record')}, ${found}, ${formatBytes(bytes)}`,
    );
    return 0;
  },
});
