import { type BenchTable, MEBIBYTES, type Suite } from '../suite.js';

const blocks = (input: BenchTable['input']): BenchTable => ({
  title: `Block size, ${input}`,
  input,
  rows: [
    { name: 'write32KiB', title: 'write, 32 KiB' },
    { name: 'write64KiB', title: 'write, 64 KiB' },
    { name: 'write128KiB', title: 'write, 128 KiB (default)' },
    { name: 'write256KiB', title: 'write, 256 KiB' },
    { name: 'write1MiB', title: 'write, 1 MiB' },
    { name: 'read32KiB', title: 'read, 32 KiB' },
    { name: 'read64KiB', title: 'read, 64 KiB' },
    { name: 'read128KiB', title: 'read, 128 KiB (default)' },
    { name: 'read256KiB', title: 'read, 256 KiB' },
    { name: 'read1MiB', title: 'read, 1 MiB' },
  ],
  targets: [],
  isLong: true,
});

const unsynced: BenchTable = {
  title: 'Bytes that are written and not synced, corpus',
  input: 'corpus',
  rows: [
    { name: 'unsynced8MiB', title: 'at most 8 MiB (default)' },
    { name: 'unsynced16MiB', title: 'at most 16 MiB' },
    { name: 'unsynced64MiB', title: 'at most 64 MiB' },
  ],
  targets: [],
  isLong: true,
};

const levels: BenchTable = {
  title: 'Compression level, corpus, members of 1 MiB',
  input: 'corpus',
  rows: [
    { name: 'gzipLevel1', title: 'level 1' },
    { name: 'gzipLevel3', title: 'level 3' },
    { name: 'gzipLevel6', title: 'level 6 (default)' },
    { name: 'gzipLevel9', title: 'level 9' },
  ],
  value: MEBIBYTES,
  targets: [],
  isLong: true,
  mostRounds: 3,
};

const members: BenchTable = {
  title: 'Member size, corpus, level 6',
  input: 'corpus',
  rows: [
    { name: 'gzip256KiB', title: 'members of 256 KiB' },
    { name: 'gzip1MiB', title: 'members of 1 MiB (default)' },
    { name: 'gzip4MiB', title: 'members of 4 MiB' },
    { name: 'gzipLimit', title: 'one stream of zlib.createGzip' },
  ],
  value: MEBIBYTES,
  targets: [],
  isLong: true,
  mostRounds: 3,
};

/** The measurements behind the choice of defaults. */
export const defaultsSuite: Suite = {
  name: 'defaults',
  tables: [blocks('corpus'), blocks('small'), unsynced, levels, members],
};
