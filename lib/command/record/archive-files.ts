import { mkdir } from 'node:fs/promises';

import {
  type ArchiveRecord,
  ArchiveTemplate,
  type ArchiveWriter,
  findLastRecord,
  type SealedArchive,
} from '../../index.js';
import { s3OptionsOf } from '../options/shared-options.js';
import { checkUsage } from '../options/usage-error.js';
import { openWriter } from '../options/writer-options.js';
import { checkWritable } from '../output/check-directory.js';
import { escapeName } from '../output/escape-name.js';
import { formatBytes } from '../output/quantities.js';
import { DirectoryLock } from './files/directory-lock.js';
import { FileFollower } from './files/file-follower.js';
import { FollowState } from './files/follow-state.js';
import { type LastLine, lastLineOf } from './files/line-position.js';
import type { MissedLines } from './files/missed-lines.js';
import { waitForRoom } from './files/wait-for-room.js';
import type { RecordRun } from './record-run.js';
import { keepUnfit, unfitOptionsOf } from './skip-unfit.js';
import { untilTaken } from './until-taken.js';

/** How long to wait for a store that does not say which lines it holds. */
const MOST_MS = 10_000;

/**
 * Archives the lines of the files that `--file` names, each line once, across restarts and rotation.
 * Each file has a writer of its own, and the sequence of a record is the number of its line.
 *
 * @returns the error that ended it
 */
export async function archiveFiles(run: RecordRun): Promise<unknown> {
  const { directory, options, signal, terminal } = run;
  const doNamesHoldWriter = checkUsage(
    () => options.name === undefined || new ArchiveTemplate(options.name).holdsWriter,
  );
  // The state is there before a writer checks its directory.
  if (options.createDirectory) await mkdir(directory, { recursive: true, mode: 0o700 });
  await checkWritable(directory, options);
  let failure: unknown;
  const ending = new AbortController();
  const isOver = AbortSignal.any([signal, ending.signal]);
  const onNote = (text: string) => terminal.note(escapeName(text));
  const onLost = () => {
    failure = new Error(`another process follows files into ${directory}: this one was too slow`);
    ending.abort();
  };
  const takeLock = () => DirectoryLock.take(directory, onLost);
  const lock = await waitForRoom(takeLock, { onNote, signal: isOver });
  run.afterClose.push(() => lock.release());
  const state = await FollowState.load(directory);
  if (state.setAside !== undefined) {
    terminal.warn(`the state of followed files cannot be read: see ${escapeName(state.setAside)}`);
  }
  const follower = new FileFollower({
    patterns: options.file,
    isFollowing: options.follow,
    signal: isOver,
    state,
    untilTaken: async (taken) => {
      run.ending.begin();
      await untilTaken(taken, run);
    },
    context: {
      openWriter: (source) =>
        openWriterOf(source, run, (archive) => follower.files.sealed(archive)),
      closeWriter: async (writer) => {
        await run.writers.closeOne(writer);
      },
      createParser: (firstLine) => run.parsers.create(firstLine),
      findLast: async (writer, where) => {
        const record = await findLast(writer, where, doNamesHoldWriter, run);
        const last = lastLineIn(record);
        return last && { ...last, isSealed: !/\.(?:open|stale)$/.test(record?.archive ?? '') };
      },
      lastLineOf: async ({ path, writer = '' }) => lastLineIn(await findLastRecord(path, writer)),
      signal: isOver,
      beforeCheckpoint: () => run.rejects?.sync(),
      onMissed: (missed) => reportMissed(missed, run),
      onNote,
    },
  });
  // Before the lock is released.
  run.afterClose.unshift((ended) => follower.files.close(ended));
  return (await follower.run()) ?? failure;
}

async function openWriterOf(
  source: string,
  run: RecordRun,
  onSealed: (archive: SealedArchive) => Promise<void>,
): Promise<ArchiveWriter> {
  const handlers = [{ name: 'followed files', onSealed }];
  const writer = await openWriter(run.directory, run.options, {
    ...{ handlers, writerId: source, sequences: 'given' },
    ...unfitOptionsOf(run),
  });
  keepUnfit(writer, run);
  run.writers.add(writer);
  return writer;
}

async function findLast(
  writer: string,
  where: 'directory' | 'everywhere',
  doNamesHoldWriter: boolean,
  { directory, options }: RecordRun,
): Promise<ArchiveRecord | undefined> {
  const { to } = options;
  const isEverywhere = where === 'everywhere' && to !== undefined;
  return await findLastRecord(isEverywhere ? [directory, to] : [directory], writer, {
    doNamesHoldWriter,
    s3: s3OptionsOf(options),
    ...(isEverywhere && { signal: AbortSignal.timeout(MOST_MS) }),
  });
}

function lastLineIn(record: ArchiveRecord | undefined): LastLine | undefined {
  if (record?.sequence === undefined) return undefined;
  return lastLineOf(record.sequence, record.payload);
}

function reportMissed(missed: MissedLines, run: RecordRun): void {
  const { bytes, line, path, reason } = missed;
  run.missedBytes += bytes;
  run.terminal.warn(
    `missed: ${formatBytes(bytes)} of ${escapeName(path)} from line ${line} on: it is ${reason}`,
  );
  if (run.options.json) void run.terminal.printJson({ type: 'missed', ...missed });
}
