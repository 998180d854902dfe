import type { BenchCase } from './bench-case.js';

/** Loads a case, and with it only what it needs: it is the only one in its process. */
type LoadCase = () => Promise<BenchCase>;

const codec = () => import('./cases/codec.js');
const growth = () => import('./cases/growth.js');
const gunzip = () => import('./cases/gunzip.js');
const gzip = () => import('./cases/gzip.js');
const memory = () => import('./cases/memory.js');
const readPeers = () => import('./cases/read-peers.js');
const readShoebox = () => import('./cases/read-shoebox.js');
const roll = () => import('./cases/roll.js');
const sync = () => import('./cases/sync.js');
const writeLimit = () => import('./cases/write-limit.js');
const writePeers = () => import('./cases/write-peers.js');
const writeShoebox = () => import('./cases/write-shoebox.js');

/** Every case by its name. */
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
  readAvsc: async () => (await readPeers()).readAvsc,
  readAvscPayload: async () => (await readPeers()).readAvscPayload,
  readMcap: async () => (await readPeers()).readMcapFile,
  readLimit: async () => (await import('./cases/read-limit.js')).readLimit,
  encode: async () => (await codec()).encode,
  decode: async () => (await codec()).decode,
  gzipShoebox: async () => (await gzip()).gzipShoebox,
  gzipLimit: async () => (await gzip()).gzipLimit,
  gunzipShoebox: async () => (await gunzip()).gunzipShoebox,
  gunzipLimit: async () => (await gunzip()).gunzipLimit,
  syncShoebox: async () => (await sync()).syncShoebox,
  syncEach: async () => (await sync()).syncEach,
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
} satisfies Readonly<Record<string, LoadCase>>;

export type CaseName = keyof typeof CASES;

/** Whether there is a case of that name. */
export function isCaseName(name: string | undefined): name is CaseName {
  return name !== undefined && Object.hasOwn(CASES, name);
}
