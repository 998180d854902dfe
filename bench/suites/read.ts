import type { CaseName } from '../case-list.js';
import type { BenchTable, Suite, Target } from '../suite.js';

const ratio = (what: string, of: CaseName, over: CaseName, least: number): Target => ({
  what,
  of,
  over,
  by: 'speed',
  least,
});

const corpus: BenchTable = {
  title: 'Read, corpus, metadata and payload',
  input: 'corpus',
  rows: [
    { name: 'readShoebox', title: 'createArchiveReader, data events' },
    { name: 'readLimit', title: 'limit: fs.createReadStream, 1 MiB chunks' },
    { name: 'readAvsc', title: 'avsc, data events' },
    { name: 'readMcap', title: '@mcap/core' },
  ],
  targets: [
    ratio('read, corpus: x avsc', 'readShoebox', 'readAvsc', 6),
    ratio('read, corpus: x @mcap/core', 'readShoebox', 'readMcap', 2.5),
    ratio('read, corpus: x createReadStream', 'readShoebox', 'readLimit', 0.8),
  ],
};

const small: BenchTable = {
  title: 'Read, small records, metadata that repeat',
  input: 'small',
  rows: [
    { name: 'readShoebox', title: 'createArchiveReader, data events' },
    { name: 'readShoeboxPayload', title: 'createArchiveReader, payload only' },
    { name: 'readShoeboxAwait', title: 'createArchiveReader, for await' },
    { name: 'readShoeboxBatches', title: 'createArchiveReader, batches()' },
    { name: 'readShoeboxWhere', title: 'createArchiveReader, where, 1 % matching' },
    { name: 'readLimit', title: 'limit: fs.createReadStream, 1 MiB chunks' },
    { name: 'readAvsc', title: 'avsc, data events' },
    { name: 'readAvscPayload', title: 'avsc, payload only' },
    { name: 'readMcap', title: '@mcap/core' },
  ],
  targets: [
    ratio('read, small records: x avsc', 'readShoebox', 'readAvsc', 4),
    ratio('read, small records, by batches(): x avsc', 'readShoeboxBatches', 'readAvsc', 6),
    ratio('read, small records, payload only: x avsc', 'readShoeboxPayload', 'readAvscPayload', 8),
    ratio(
      "for await over records, small: x avsc's data events",
      'readShoeboxAwait',
      'readAvsc',
      2.5,
    ),
    ratio(
      'read with where on one key, 1 % matching: x reading everything',
      'readShoeboxWhere',
      'readShoebox',
      1.5,
    ),
  ],
};

const varied: BenchTable = {
  title: 'Read, small records, varied metadata',
  input: 'varied',
  rows: [
    { name: 'readShoebox', title: 'createArchiveReader, data events' },
    { name: 'readAvsc', title: 'avsc, data events' },
  ],
  targets: [ratio('read, small records, varied metadata: x avsc', 'readShoebox', 'readAvsc', 3)],
};

export const readSuite: Suite = { name: 'read', tables: [corpus, small, varied] };
