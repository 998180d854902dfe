import type { InputName } from '../inputs/input.js';
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

/** Packages that take payloads of bytes. */
const BYTE_PEERS = PEERS.slice(0, 3);

const timesAvsc = (what: string, by: Target['by'], least: number): Target => ({
  what: `write, ${what}: x avsc, ${by === 'loop' ? 'event loop' : 'wall'}`,
  of: 'writeShoebox',
  over: 'writeAvsc',
  by,
  least,
});

interface WriteTable {
  readonly what: string;
  readonly input: InputName;
  readonly peers: BenchTable['rows'];
  /** The least ratios to avsc. */
  readonly loop: number;
  readonly wall: number;
}

const tableOf = ({ what, input, peers, loop, wall }: WriteTable): BenchTable => ({
  title: `Write, ${what}`,
  input,
  rows: [{ name: 'writeShoebox', title: 'createArchiveWriter' }, ...peers],
  targets: [timesAvsc(what, 'loop', loop), timesAvsc(what, 'speed', wall)],
});

const tables = [
  {
    what: 'corpus, payloads are Buffers',
    input: 'corpusBytes',
    peers: BYTE_PEERS,
    loop: 1.5,
    wall: 1.25,
  },
  { what: 'corpus, payloads are text', input: 'corpus', peers: PEERS, loop: 1.25, wall: 1.1 },
  {
    what: 'small records, payloads are Buffers',
    input: 'variedBytes',
    peers: BYTE_PEERS,
    loop: 1,
    wall: 1,
  },
  { what: 'small records, payloads are text', input: 'varied', peers: PEERS, loop: 1, wall: 1 },
] as const;

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

export const writeSuite: Suite = { name: 'write', tables: [...tables.map(tableOf), synced] };
