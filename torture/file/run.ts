import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { createArchiveReader, verifyArchives } from '../../lib/index.js';
import { withCompiledChildren } from '../compile.js';
import { LogWriter, type RotationKind } from './log-writer.js';

/** The longest time that a command lives after it has begun to follow. */
const LONGEST_LIFE_MS = 500;

/** The longest time between two commands. */
const LONGEST_PAUSE_MS = 50;

/** How often the program writes. */
const WRITE_MS = 3;

/** The chance of a rotation at each write. */
const ROTATIONS_PER_WRITE = 1 / 60;

/**
 * Kills `shoebox record --file` at random moments, while a program writes to a log that is rotated,
 * also while no command runs. Checks that each line is archived exactly once, in order.
 */
export async function tortureFiles(kills: number): Promise<boolean> {
  const kinds: RotationKind[] = ['create', 'copytruncate'];
  let isGood = true;
  for (const kind of kinds) isGood = (await torture(kind, Math.ceil(kills / 2))) && isGood;
  return isGood;
}

async function torture(kind: RotationKind, kills: number): Promise<boolean> {
  const work = await mkdtemp(join(tmpdir(), 'shoebox-file-'));
  const [archives, store, logs] = ['archives', 'store', 'logs'].map((name) => join(work, name));
  for (const directory of [archives, store, logs]) await mkdir(String(directory));
  const log = new LogWriter(join(String(logs), 'app.log'), kind);
  await log.begin();
  const said: string[] = [];
  await withCompiledChildren(async (compiled) => {
    // The command reads its version there.
    await copyFile(new URL('../../package.json', import.meta.url), join(compiled, 'package.json'));
    const main = join(compiled, 'lib/command/main.js');
    for (let kill = 0; kill <= kills; kill++) {
      const isLast = kill === kills;
      const child = spawn(process.execPath, [
        ...[main, 'record', String(archives), '--file', log.path, '--input', 'lines'],
        ...['--to', String(store), '--roll', '8KiB,1s', '--json'],
        ...(isLast ? ['--no-follow'] : []),
      ]);
      child.stderr.setEncoding('utf8').on('data', (text) => said.push(text));
      const exit = once(child, 'exit');
      if (!isLast) {
        await Promise.race([once(child.stdout, 'data'), exit]);
        await writeFor(log, Math.random() * LONGEST_LIFE_MS);
        child.kill('SIGKILL');
      }
      const [status, signal] = await exit;
      if (!isLast && signal !== 'SIGKILL') said.push(`ended by itself with ${status}\n`);
      if (isLast && status !== 0) said.push(`the last start ended with ${status}\n`);
      await giveUpLeases(String(archives));
      if (!isLast) await writeFor(log, Math.random() * LONGEST_PAUSE_MS);
    }
  });
  const problems = await findProblems([String(archives), `${store}/**/*`], log);
  const wrong = said
    .join('')
    .split('\n')
    .filter((line) => /missed:|ended (?:by itself|with)/.test(line));
  problems.push(...wrong);
  console.log(
    `${kind}: ${kills} kills, ${log.files.length} files, ${log.lines} lines; ` +
      `${problems.length} problems`,
  );
  for (const problem of problems.slice(0, 10)) console.log(problem);
  if (problems.length === 0) await rm(work, { recursive: true });
  else console.log(`kept in ${work}`);
  return problems.length === 0;
}

/** Writes, and rotates now and then, for some time. */
async function writeFor(log: LogWriter, ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await log.write(Math.floor(Math.random() * 40));
    if (Math.random() < ROTATIONS_PER_WRITE) await log.rotate();
    await setTimeout(WRITE_MS);
  }
}

async function findProblems(patterns: string[], log: LogWriter): Promise<string[]> {
  const problems: string[] = [];
  const archived = new Map<string, string[]>();
  const reader = createArchiveReader(patterns, { order: 'time' });
  reader.on('gap', (gap) => problems.push(`gap ${JSON.stringify(gap)}`));
  reader.on('late', (late) => problems.push(`late ${JSON.stringify(late)}`));
  for await (const record of reader) {
    const lines = archived.get(String(record.writer)) ?? [];
    archived.set(String(record.writer), lines);
    lines.push(record.text());
    if (record.sequence !== lines.length) problems.push(`line ${lines.length}: ${record.sequence}`);
  }
  const found = [...archived.values()].map((lines) => lines.join('\n'));
  for (const [i, lines] of log.files.entries()) {
    const at = found.indexOf(lines.join('\n'));
    if (at === -1)
      problems.push(`file ${i + 1} with ${lines.length} lines is not as it was written`);
    else found.splice(at, 1);
  }
  for (const lines of found) problems.push(`invented: ${lines.slice(0, 200)} …`);
  const report = await verifyArchives(patterns);
  const wrong = report.problems.filter(({ kind }) => kind !== 'unfinished');
  return [...problems, ...wrong.map(({ message }) => message)];
}

async function giveUpLeases(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.endsWith('.open.lock')) await unlink(join(directory, name));
  }
}
