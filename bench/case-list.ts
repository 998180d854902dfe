import type { BenchCase } from './bench-case.js';

/** Loads a case and only the modules that it needs. Each process runs one case. */
type LoadCase = () => Promise<BenchCase>;

const codec = () => import('./cases/codec.js');
const defaults = () => import('./cases/defaults.js');
const e2e = () => import('./cases/e2e.js');
const first = () => import('./cases/first.js');
const exports = () => import('./cases/export.js');
const growth = () => import('./cases/growth.js');
const gunzip = () => import('./cases/gunzip.js');
const gzip = () => import('./cases/gzip.js');
const many = () => import('./cases/many-archives.js');
const kafka = () => import('./cases/kafka.js');
const memory = () => import('./cases/memory.js');
const readPeers = () => import('./cases/read-peers.js');
const readShoebox = () => import('./cases/read-shoebox.js');
const roll = () => import('./cases/roll.js');
const seek = () => import('./cases/seek.js');
const objects = () => import('./cases/seek-objects.js');
const ship = () => import('./cases/ship.js');
const smallArchives = () => import('./cases/small-archives.js');
const sync = () => import('./cases/sync.js');
const writeLimit = () => import('./cases/write-limit.js');
const writePeers = () => import('./cases/write-peers.js');
const writeShoebox = () => import('./cases/write-shoebox.js');

/** All cases by their names. */
export const CASES = {
  writeShoebox: async () => (await writeShoebox()).writeShoebox,
  writeShoeboxSynced: async () => (await writeShoebox()).writeShoeboxSynced,
  writeLimit: async () => (await writeLimit()).writeLimit,
  writeLimitSynced: async () => (await writeLimit()).writeLimitSynced,
  writeAvsc: async () => (await writePeers()).writeAvsc,
  writeMcap: async () => (await writePeers()).writeMcapFile,
  writeSonicBoom: async () => (await writePeers()).writeSonicBoomLines,
  writeSonicBoomLarge: async () => (await writePeers()).writeSonicBoomLarge,
  writePinoRoll: async () => (await writePeers()).writePinoRollLines,
  writeRotatingFileStream: async () => (await writePeers()).writeRotatingLines,
  readShoebox: async () => (await readShoebox()).readShoebox,
  readShoeboxPayload: async () => (await readShoebox()).readShoeboxPayload,
  readShoeboxAwait: async () => (await readShoebox()).readShoeboxAwait,
  readShoeboxBatches: async () => (await readShoebox()).readShoeboxBatches,
  readShoeboxWhere: async () => (await readShoebox()).readShoeboxWhere,
  readAvsc: async () => (await readPeers()).readAvsc,
  readAvscPayload: async () => (await readPeers()).readAvscPayload,
  readMcap: async () => (await readPeers()).readMcapFile,
  readLimit: async () => (await import('./cases/read-limit.js')).readLimit,
  kafkaShoebox: async () => (await kafka()).kafkaShoebox,
  kafkaConsumer: async () => (await kafka()).kafkaConsumer,
  encode: async () => (await codec()).encode,
  decode: async () => (await codec()).decode,
  gzipShoebox: async () => (await gzip()).gzipShoebox,
  gzipLimit: async () => (await gzip()).gzipLimit,
  gunzipShoebox: async () => (await gunzip()).gunzipShoebox,
  gunzipLimit: async () => (await gunzip()).gunzipLimit,
  readSmall: async () => (await smallArchives()).readSmall,
  readSmallWithout: async () => (await smallArchives()).readSmallWithout,
  seekFile: async () => (await seek()).seekFile,
  seekStore: async () => (await seek()).seekStore,
  seekWholeFile: async () => (await seek()).seekWholeFile,
  seekWholeStore: async () => (await seek()).seekWholeStore,
  seekAllBytes: async () => (await objects()).seekObjects('everything', 'bytes'),
  seekAllRequests: async () => (await objects()).seekObjects('everything', 'requests'),
  seekAllMemory: async () => (await objects()).seekObjects('everything', 'memory'),
  seekTimeBytes: async () => (await objects()).seekObjects('time', 'bytes'),
  seekTimeRequests: async () => (await objects()).seekObjects('time', 'requests'),
  seekTimeMemory: async () => (await objects()).seekObjects('time', 'memory'),
  seekCachedTimeBytes: async () => (await objects()).seekObjects('cached time', 'bytes'),
  seekCachedTimeRequests: async () => (await objects()).seekObjects('cached time', 'requests'),
  seekCachedTimeMemory: async () => (await objects()).seekObjects('cached time', 'memory'),
  seekMetadataBytes: async () => (await objects()).seekObjects('metadata', 'bytes'),
  seekMetadataRequests: async () => (await objects()).seekObjects('metadata', 'requests'),
  seekMetadataMemory: async () => (await objects()).seekObjects('metadata', 'memory'),
  seekCachedMetadataBytes: async () => (await objects()).seekObjects('cached metadata', 'bytes'),
  seekCachedMetadataRequests: async () =>
    (await objects()).seekObjects('cached metadata', 'requests'),
  seekCachedMetadataMemory: async () => (await objects()).seekObjects('cached metadata', 'memory'),
  seekCursorBytes: async () => (await objects()).seekObjects('cursor', 'bytes'),
  seekCursorRequests: async () => (await objects()).seekObjects('cursor', 'requests'),
  seekCursorMemory: async () => (await objects()).seekObjects('cursor', 'memory'),
  manyDefault: async () => (await many()).manyDefault,
  manyMerged: async () => (await many()).manyMerged,
  manyCursor: async () => (await many()).manyCursor,
  manyTimed: async () => (await many()).manyTimed,
  manyFollowed: async () => (await many()).manyFollowed,
  manyVerified: async () => (await many()).manyVerified,
  firstByName: async () => (await first()).firstByName,
  firstByTime: async () => (await first()).firstByTime,
  firstMemory: async () => (await first()).firstMemory,
  shipShoebox: async () => (await ship()).shipShoebox,
  shipGzip: async () => (await ship()).shipGzip,
  e2eShoebox: async () => (await e2e()).e2eShoebox,
  e2eShoeboxZstd: async () => (await e2e()).e2eShoeboxZstd,
  e2eGzip: async () => (await e2e()).e2eGzip,
  e2eRclone: async () => (await e2e()).e2eRclone,
  syncShoebox: async () => (await sync()).syncShoebox,
  syncEach: async () => (await sync()).syncEach,
  exportParquetPlain: async () => (await exports()).exportParquetPlain,
  exportParquetColumns: async () => (await exports()).exportParquetColumns,
  exportCsv: async () => (await exports()).exportCsv,
  jsonLinesSource: async () => (await exports()).jsonLinesSource,
  jsonLinesParsed: async () => (await exports()).jsonLinesParsed,
  rollUnderLoad: async () => (await roll()).rollUnderLoad,
  loadWithoutRoll: async () => (await roll()).loadWithoutRoll,
  memoryLittle: async () => (await memory()).memoryLittle,
  memoryMuch: async () => (await memory()).memoryMuch,
  memorySlowStore: async () => (await memory()).memorySlowStore,
  writeRecords1e4: async () => (await growth()).writeRecords(1e4),
  writeRecords1e5: async () => (await growth()).writeRecords(1e5),
  writeRecords1e6: async () => (await growth()).writeRecords(1e6),
  writeRecords1e7: async () => (await growth()).writeRecords(1e7),
  readRecords1e4: async () => (await growth()).readRecords(1e4),
  readRecords1e5: async () => (await growth()).readRecords(1e5),
  readRecords1e6: async () => (await growth()).readRecords(1e6),
  readRecords1e7: async () => (await growth()).readRecords(1e7),
  writeArchives1: async () => (await growth()).writeArchives(1),
  writeArchives100: async () => (await growth()).writeArchives(100),
  writeArchives10000: async () => (await growth()).writeArchives(10_000),
  readArchives1: async () => (await growth()).readArchives(1),
  readArchives100: async () => (await growth()).readArchives(100),
  readArchives10000: async () => (await growth()).readArchives(10_000),
  write32KiB: async () => (await defaults()).writeInBlocks('32 KiB'),
  read32KiB: async () => (await defaults()).readInBlocks('32 KiB'),
  write64KiB: async () => (await defaults()).writeInBlocks('64 KiB'),
  read64KiB: async () => (await defaults()).readInBlocks('64 KiB'),
  write128KiB: async () => (await defaults()).writeInBlocks('128 KiB'),
  read128KiB: async () => (await defaults()).readInBlocks('128 KiB'),
  write256KiB: async () => (await defaults()).writeInBlocks('256 KiB'),
  read256KiB: async () => (await defaults()).readInBlocks('256 KiB'),
  write1MiB: async () => (await defaults()).writeInBlocks('1 MiB'),
  read1MiB: async () => (await defaults()).readInBlocks('1 MiB'),
  unsynced8MiB: async () => (await defaults()).writeUnsyncedBytes('8 MiB'),
  unsynced16MiB: async () => (await defaults()).writeUnsyncedBytes('16 MiB'),
  unsynced64MiB: async () => (await defaults()).writeUnsyncedBytes('64 MiB'),
  gzipLevel1: async () => (await defaults()).gzipAtLevel(1),
  gzipLevel3: async () => (await defaults()).gzipAtLevel(3),
  gzipLevel6: async () => (await defaults()).gzipAtLevel(6),
  gzipLevel9: async () => (await defaults()).gzipAtLevel(9),
  gzip256KiB: async () => (await defaults()).gzipInMembers('256 KiB'),
  gzip1MiB: async () => (await defaults()).gzipInMembers('1 MiB'),
  gzip4MiB: async () => (await defaults()).gzipInMembers('4 MiB'),
} satisfies Readonly<Record<string, LoadCase>>;

export type CaseName = keyof typeof CASES;

/** Whether a case of that name exists. */
export function isCaseName(name: string | undefined): name is CaseName {
  return name !== undefined && Object.hasOwn(CASES, name);
}
