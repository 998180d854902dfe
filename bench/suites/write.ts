import type { BenchTable, Suite, Target } from '../suite.js';

const PEERS = [
  { name: 'writeLimit', title: 'limit: fs.writeSync, 1 MiB chunks' },
  { name: 'writeAvsc', title: 'avsc, blocks of 1 MiB' },
  { name: 'writeMcap', title: '@mcap/core, chunks of 1 MiB' },
  { name: 'writeSonicBoom', title: 'sonic-boom, as documented' },
  { name: 'writeSonicBoomLarge', title: 'sonic-boom, writes of 1 MiB' },
  { name: 'writePinoRoll', title: 'pino-roll' },
  { name: 'writeRotatingFileStream', title: 'rotating-file-stream' },
] as const;

const ratio = (what: string, over: Target['over'], least: number): Target => ({
  what,
  of: 'writeShoebox',
  over,
  by: 'speed',
  least,
});

const corpus: BenchTable = {
  title: 'Write, corpus',
  input: 'corpus',
  rows: [{ name: 'writeShoebox', title: 'createArchiveWriter' }, ...PEERS],
  targets: [
    ratio('write, corpus: x the writeSync limit', 'writeLimit', 0.85),
    ratio('write, corpus: x avsc', 'writeAvsc', 2),
    ratio('write, corpus: x sonic-boom', 'writeSonicBoom', 20),
  ],
};

const small: BenchTable = {
  title: 'Write, small records',
  input: 'small',
  rows: corpus.rows,
  targets: [
    ratio('write, small records: x avsc', 'writeAvsc', 2),
    ratio('write, small records: x @mcap/core', 'writeMcap', 8),
    ratio('write, small records: x sonic-boom', 'writeSonicBoom', 14),
  ],
};

const synced: BenchTable = {
  title: 'Write, corpus, synced',
  input: 'corpus',
  rows: [
    { name: 'writeShoeboxSynced', title: 'createArchiveWriter, its defaults' },
    { name: 'writeLimitSynced', title: 'limit: fs.writeSync, fdatasync of each file' },
  ],
  targets: [],
  isLong: true,
};

export const writeSuite: Suite = { name: 'write', tables: [corpus, small, synced] };
