import type { LazyCommands } from './command-definition.js';

/** All subcommands, in the order in which help shows them. */
export const COMMANDS: LazyCommands = {
  record: {
    summary: 'archive records from stdin or from files',
    load: async () => (await import('./record.js')).record,
  },
  serve: {
    summary: 'archive what is posted over HTTP',
    load: async () => (await import('./serve.js')).serve,
  },
  cat: {
    summary: 'print records',
    load: async () => (await import('./cat.js')).cat,
  },
  tail: {
    summary: 'print the last records, and follow what is written',
    load: async () => (await import('./tail.js')).tail,
  },
  ls: {
    summary: 'list archives and objects',
    load: async () => (await import('./ls.js')).ls,
  },
  stat: {
    summary: 'print totals, records per hour and the most frequent metadata',
    load: async () => (await import('./stat.js')).stat,
  },
  verify: {
    summary: 'check archives for damage and missing records',
    load: async () => (await import('./verify.js')).verify,
  },
  report: {
    summary: 'make a page with a timeline, sizes, metadata and all archives',
    load: async () => (await import('./report.js')).report,
  },
  replay: {
    summary: 'send records to Kafka, NATS, RabbitMQ or over HTTP',
    load: async () => (await import('./replay.js')).replay,
  },
  export: {
    summary: 'convert records to Parquet, CSV, JSON lines or another version',
    load: async () => (await import('./export.js')).exportRecords,
  },
  ship: {
    summary: 'ship sealed archives to a store by hand',
    load: async () => (await import('./ship.js')).ship,
  },
  fetch: {
    summary: 'download objects into a directory',
    load: async () => (await import('./fetch.js')).fetch,
  },
  import: {
    summary: 'turn lossless JSON lines back into archives',
    load: async () => (await import('./import.js')).importLines,
  },
  repair: {
    summary: 'copy what is left of a damaged archive',
    load: async () => (await import('./repair.js')).repair,
  },
  gc: {
    summary: 'list what crashes have left behind, and remove it with --yes',
    load: async () => (await import('./gc.js')).gc,
  },
  doctor: {
    summary: 'try a directory and a store, and say which settings to use',
    load: async () => (await import('./doctor.js')).doctor,
  },
  bench: {
    summary: 'measure writing, reading and compression beside the disk',
    load: async () => (await import('./bench.js')).bench,
  },
  completion: {
    summary: 'print the completion script of a shell',
    load: async () => (await import('./completion.js')).createCompletion(COMMANDS),
  },
};

/** The options of each command, by which the configuration file is checked. */
export async function loadKnownOptions(): Promise<Map<string, ReadonlySet<string>>> {
  const known = new Map<string, ReadonlySet<string>>();
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    known.set(name, new Set(Object.keys((await load()).options)));
  }
  return known;
}
