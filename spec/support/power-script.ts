import { setImmediate } from 'node:timers/promises';

import {
  type ArchiveFormat,
  type ArchiveProblem,
  type ArchiveWriter,
  type ArchiveWriterOptions,
  createArchiveReader,
  createArchiveWriter,
  DirectoryStore,
  moveTo,
  rollByCount,
  type SeriesReport,
  type SyncMode,
  verifyArchives,
} from '../../lib/index.js';
import { FakeClock } from './fake-clock.js';
import { createRandom, integer, oneOf } from './power-cut.js';
import { PowerDisk } from './power-disk.js';

const SPOOL = '/disk/spool';
const STORE = '/disk/store';
const MOVED = '/disk/moved/here';
/** On another device. */
const MOVED_ACROSS = '/other/moved';

/** Each writer begins an hour after the one before it. */
const HOUR_MS = 60 * 60 * 1000;

/** The settings and choices of a writer. Writers with equal plans do the same. */
export interface PowerPlan {
  /** Seed of its choices and of the sizes of its records. */
  readonly seed: number;
  readonly records: number;
  readonly sync: SyncMode;
  readonly recordsPerArchive: number;
  readonly blockBytes: number;
  readonly template: string;
  readonly format: ArchiveFormat;
  /** Where sealed archives go. `moveTo` is the handler; the others are settings of `ship`. */
  readonly sealed: 'ship and delete' | 'ship and keep' | 'ship and move' | 'moveTo' | 'nothing';
  readonly movesAcross: boolean;
  readonly hasHardLinks: boolean;
  /** Whether a sync of each writer fails. */
  readonly failsSync: boolean;
}

/** The plan of the specs: each archive is shipped while the next one is written. */
export const PLAN: PowerPlan = {
  ...{
    seed: 1,
    records: 22,
    sync: 'everysec',
    recordsPerArchive: 5,
    blockBytes: 2000,
    format: 'v2',
  },
  ...{ template: 'a_[[WRITER]]-[[SEQUENCE]].events', sealed: 'ship and delete' },
  ...{ movesAcross: false, hasHardLinks: true, failsSync: false },
};

export function randomPlan(seed: number): PowerPlan {
  const random = createRandom(seed);
  return {
    seed,
    records: integer(random, 5, 40),
    sync: oneOf(random, ['no', 'everysec', 'always']),
    recordsPerArchive: integer(random, 1, 8),
    blockBytes: oneOf(random, [1, 700, 2000, 20_000]),
    template: oneOf(random, [
      'a_[[WRITER]]-[[SEQUENCE]].events',
      'a.events',
      'a_%H_[[COUNT]]-[[CRC]].events',
    ]),
    format: oneOf(random, ['v2', 'v2', 'v2', 'v2', 'v1', 'jsonl']),
    sealed: oneOf(random, [
      'ship and delete',
      'ship and delete',
      'ship and keep',
      'ship and move',
      'moveTo',
      'nothing',
    ]),
    movesAcross: random() < 0.3,
    hasHardLinks: random() < 0.8,
    failsSync: random() < 0.25,
  };
}

/** Records by the number of their writer, a dot, and their own number. */
export class Promises {
  /** How many records each writer has begun to append. */
  readonly begun: Map<number, number>;
  readonly synced: Set<string>;
  readonly shipped: Set<string>;

  constructor({ begun, synced, shipped }: Partial<Promises> = {}) {
    this.begun = new Map(begun);
    this.synced = new Set(synced);
    this.shipped = new Set(shipped);
  }
}

/** A disk with the writer's directory, which lasts. */
export function createDisk({ hasHardLinks }: PowerPlan): PowerDisk {
  const disk = new PowerDisk();
  disk.refusesLinks = !hasHardLinks;
  disk.makeLastingDirectory(SPOOL);
  disk.makeLastingDirectory('/other');
  return disk;
}

/**
 * Writes the records of a plan, and adds each promise to `promises` as soon as the writer gives it.
 * Settles when the writer has ended, or the power is off.
 *
 * @param writerNumber tells its records from those of earlier writers on the disk
 * @returns what the writer reported as failed, which should be nothing
 */
export async function writeRecords(
  disk: PowerDisk,
  plan: PowerPlan,
  writerNumber: number,
  promises: Promises,
): Promise<string[]> {
  const random = createRandom(plan.seed + writerNumber);
  const { clock, failures, writer } = createWriter(disk, plan, writerNumber);
  const write = async () => {
    for (let n = 0; n < plan.records; n++) {
      const id = `${writerNumber}.${n}`;
      const isSynced = () => void promises.synced.add(id);
      promises.begun.set(writerNumber, n + 1);
      const record = { payload: payloadOf(writerNumber, n) };
      await writer.ready();
      if (plan.sync === 'always' && random() < 0.3) {
        writer.write(record, (error) => error ?? isSynced());
        continue;
      }
      const receipt = writer.append(record);
      void receipt.sealed.then(isSynced, () => undefined);
      void receipt.shipped.then(
        () => void promises.shipped.add(id),
        () => undefined,
      );
      if (random() < 0.05) void writer.roll();
      if (random() < 0.4) {
        const synced = receipt.synced.then(isSynced, () => undefined);
        if (random() < 0.5) await synced;
      }
    }
    await writer.close();
  };
  await pass(clock, write(), disk);
  return failures;
}

/**
 * Starts a writer on a disk after a power loss, and ends it. The writer first recovers and ships
 * the archives that it finds.
 *
 * @returns as `writeRecords`
 */
export async function recover(
  disk: PowerDisk,
  plan: PowerPlan,
  writerNumber: number,
): Promise<string[]> {
  const { clock, failures, writer } = createWriter(disk, plan, writerNumber);
  await pass(clock, writer.close(), disk);
  return failures;
}

/** How many records a disk has, and how they differ from what was promised. */
export interface PowerFindings {
  readonly records: number;
  readonly problems: readonly string[];
}

/** The objects of the store alone, as the power loss left them. */
export async function checkStore(disk: PowerDisk, promises: Promises): Promise<PowerFindings> {
  const found = await read(disk, [`${STORE}/**/*.gz`], promises);
  return { ...found, problems: [...found.problems, ...lost(found, promises.shipped, 'shipped')] };
}

/** Everything, once a writer has recovered it. */
export async function checkRecovered(
  disk: PowerDisk,
  promises: Promises,
  plan: PowerPlan,
): Promise<PowerFindings> {
  const patterns = [SPOOL, movedOf(plan), `${STORE}/**/*.gz`];
  const found = await read(disk, patterns, promises);
  const problems = [...found.problems, ...lost(found, promises.synced, 'synced')];
  if (found.records > 0) {
    const report = await verifyArchives(patterns, { files: disk.files, full: true });
    // A writer whose power failed has not ended by itself. Records without a promise may be lost
    // although later ones are there.
    // A writer that dies while it replaces a file after a failed sync leaves both files, and recovery
    // seals both: readers omit the copies, and the report says that two archives have one number.
    const isAllowed = ({ archive, kind }: ArchiveProblem) =>
      kind === 'unfinished' ||
      kind === 'missing' ||
      (kind === 'altered' && plan.failsSync) ||
      (kind === 'damaged' && hasOnlyGaps(report, archive));
    const broken = report.problems.filter((problem) => !isAllowed(problem));
    problems.push(...broken.map(({ kind, message }) => `${kind}: ${message}`));
  }
  const left = disk.paths().filter((path) => !isExpected(path, plan, disk.content(path).length));
  problems.push(...left.map((path) => `left: ${path}`));
  return { ...found, problems };
}

interface RunningWriter {
  readonly writer: ArchiveWriter;
  readonly clock: FakeClock;
  readonly failures: string[];
}

function movedOf({ movesAcross }: PowerPlan): string {
  return movesAcross ? MOVED_ACROSS : MOVED;
}

function createWriter(disk: PowerDisk, plan: PowerPlan, writerNumber: number): RunningWriter {
  const { files } = disk;
  const moved = movedOf(plan);
  const writerId = Buffer.alloc(8);
  writerId.writeUInt32BE(writerNumber + 1, 4);
  const clock = new FakeClock(1_700_000_000_000 + writerNumber * HOUR_MS);
  const options: ArchiveWriterOptions = {
    ...{ directory: SPOOL, clock, files, writerId },
    ...{ template: plan.template, sync: plan.sync, format: plan.format },
    ...(plan.format === 'v2' && { blockBytes: plan.blockBytes }),
    roll: rollByCount(plan.recordsPerArchive),
  };
  const store = () => new DirectoryStore(STORE, { files });
  // Fake time runs ahead of the compression, which real threads do.
  const ship = { key: 'at=%H/[[NAME]]', endTimeout: '30d' };
  const writer = createArchiveWriter({
    ...options,
    ...(plan.sealed === 'moveTo' && { handlers: [moveTo(moved, files)] }),
    ...(plan.sealed === 'ship and delete' && { ship: { ...ship, to: store() } }),
    ...(plan.sealed === 'ship and keep' && {
      ship: { ...ship, to: store(), localFile: 'keep' as const },
    }),
    ...(plan.sealed === 'ship and move' && {
      ship: { ...ship, to: store(), localFile: { moveTo: moved } },
    }),
  });
  const failures: string[] = [];
  writer.on('failed', ({ archive, error, operation }) => {
    failures.push(`failed: ${operation} of ${archive.name}: ${error}`);
  });
  // Without a listener the writer would warn of each sync that fails.
  writer.on('stalled', () => undefined);
  return { clock, failures, writer };
}

/** Lets time pass until a writer has ended, or the power is off. */
async function pass(clock: FakeClock, ending: Promise<unknown>, disk: PowerDisk): Promise<void> {
  let isEnded = false;
  const ended = () => {
    isEnded = true;
  };
  ending.then(ended, ended);
  while (!isEnded && !disk.isOff) {
    await setImmediate();
    clock.advance(50);
  }
  if (isEnded) await ending;
}

interface ReadRecords extends PowerFindings {
  readonly ids: ReadonlySet<string>;
}

async function read(
  disk: PowerDisk,
  patterns: readonly string[],
  promises: Promises,
): Promise<ReadRecords> {
  const ids = new Set<string>();
  const problems: string[] = [];
  const last = new Map<string, number>();
  const reader = createArchiveReader(patterns, { files: disk.files, allowEmpty: true });
  // Records without a promise may be lost. Without a listener the reader would warn of each gap.
  reader.on('gap', () => undefined);
  try {
    for await (const record of reader) {
      const [id = '', writer = '', n = ''] = /^(\d+)\.(\d+)/.exec(record.text()) ?? [];
      // Version 1 and JSON lines have neither checksums nor sequences: a record that was not synced
      // may be altered, and copies are read, too.
      const isVersion2 = record.sequence !== undefined;
      const isOurs = Number(n) < (promises.begun.get(Number(writer)) ?? 0);
      if (!isOurs || record.text() !== payloadOf(Number(writer), Number(n))) {
        if (isVersion2) problems.push(`altered: ${id} ${record.text().slice(0, 40)}`);
        continue;
      }
      if (isVersion2 && ids.has(id)) problems.push(`repeated: ${id}`);
      if (isVersion2 && Number(n) < (last.get(writer) ?? -1)) problems.push(`disordered: ${id}`);
      ids.add(id);
      last.set(writer, Number(n));
    }
  } catch (error) {
    problems.push(`unreadable: ${error}`);
  }
  return { ids, records: ids.size, problems };
}

function hasOnlyGaps({ archives }: SeriesReport, archive: string | undefined): boolean {
  const report = archives.find((one) => one.archive === archive);
  return report?.damagedStretches === 0 && report.indexProblem === undefined;
}

function lost({ ids }: ReadRecords, promised: ReadonlySet<string>, level: string): string[] {
  return [...promised].filter((id) => !ids.has(id)).map((id) => `lost: ${id}, which was ${level}`);
}

/** A record of up to 2 KiB, in which compression finds nothing. */
function payloadOf(writerNumber: number, n: number): string {
  const random = createRandom(1000 * writerNumber + n);
  const filling = Buffer.alloc(
    random() < 0.2 ? integer(random, 1000, 2000) : integer(random, 0, 300),
  );
  for (let i = 0; i < filling.length; i++) filling[i] = integer(random, 32, 126);
  return `${writerNumber}.${n} ${filling.toString('latin1')}`;
}

/** Whether a file may be there once all is recovered. */
function isExpected(path: string, plan: PowerPlan, bytes: number): boolean {
  const { sealed, template } = plan;
  if (path.startsWith(STORE)) {
    // A probe for hard links is an empty file, and not an object. The next writer aborts an upload
    // that a journal names. It leaves one without a journal (whose sync failed), or under a key
    // that another host could use, until the upload is a week old.
    const isAborted = !plan.failsSync && /\[\[(WRITER|CRC)\]\]/.test(template);
    return (isAborted ? /\.gz$|\.link\.[0-9a-f]+\.part$/ : /\.gz$|\.part$/).test(path);
  }
  // Copies to another device that were cut off stay.
  if (path.startsWith(movedOf(plan))) return /\.events(\.[0-9a-f]{16}\.part)?$/.test(path);
  // Recovery keeps damaged bytes aside.
  if (/\.events\.torn-/.test(path)) return true;
  // After a failed sync the writer replaced this file by another one.
  if (plan.failsSync && path.endsWith('.events.suspect')) return true;
  // Without hard links, an empty file holds a name until the archive replaces it.
  if (!plan.hasHardLinks && bytes === 0) return true;
  // A handler is not called again for an archive that was sealed before its process died.
  if (sealed === 'nothing' || sealed === 'moveTo') return path.endsWith('.events');
  return sealed === 'ship and keep' && /\.events(\.journal|\.lock)?$/.test(path);
}
