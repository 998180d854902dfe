import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

import type { SkippedDamage } from '../../codec/frames/skipped-damage.js';
import { ChunkPool } from '../../files/chunk-pool.js';
import type { FileLayer, FileStatus, OpenFile } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { isSecondName, isUnchanged } from '../../files/same-file.js';
import { syncDirectory } from '../../files/sync-directory.js';
import { isMissing } from '../../files/system-error.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { LINE_FEED } from '../../format/json-lines.js';
import { LARGEST_RECORD_BYTES } from '../../format/limits.js';
import {
  OPEN_SUFFIX,
  STALE_SUFFIX,
  SUSPECT_SUFFIX,
  TORN_INFIX,
} from '../../series/names/archive-state.js';
import type { ArchiveTemplate } from '../../series/names/archive-template.js';
import { temporaryBaseOf, temporaryPath } from '../../series/names/temporary-path.js';
import { DamageList } from '../../series/opening/damage-list.js';
import { FileSource } from '../../series/opening/file-source.js';
import { walkArchive } from '../../series/opening/walk-archive.js';
import type { SealedArchive } from '../handlers/archive-handler.js';
import { ArchiveCopy, type CopyFacts } from './archive-copy.js';
import { findReplacement } from './find-replacement.js';
import { keepTornAside } from './keep-torn-aside.js';
import { findPreviousArchive, listSealed } from './previous-archive.js';
import { takeNameForContent } from './take-name-for-content.js';

/** An archive that its writer left open, and that recovery has sealed. */
export interface RecoveredArchive extends SealedArchive {
  /**
   * The first 1,000 damaged stretches. Each is kept as `NAME.torn-OFFSET`; if there are more than
   * 16, the whole file is kept as `NAME.torn-all`.
   */
  readonly damage: readonly SkippedDamage[];
  /** The number of all damaged stretches. */
  readonly damagedStretches: number;
}

/**
 * Recovers `NAME.open`, or the `NAME.stale` that an earlier attempt left. The caller holds the
 * lease. Each step is synced before the next, can be repeated after a crash, and leaves every
 * record where a reader finds it exactly once:
 *
 * 1. `NAME.open` is renamed to `NAME.stale` before it is read. If its writer lives and had only
 *    stalled, it sees the new name before it promises anything more.
 * 2. All valid frames are copied to a new file; the other bytes are kept aside.
 * 3. The copy replaces `NAME.stale`.
 * 4. The copy gets the archive's name. Like any archive that is sealed, it has both names for a
 *    moment.
 *
 * If there is also a `NAME.open` beside `NAME.stale`, the next call recovers it.
 *
 * The index of the copy gives the archive's ordinal: the one after the writer's previous archive,
 * if that is in this directory; 0, if the archive has the writer's first record; otherwise unknown.
 *
 * @param base the archive's path without the suffix of its state
 * @param signal ends the copying; no step is left half done
 * @returns null if there was no record in it
 * @throws the signal's reason; Node's error of the call that failed; the old file or its copy then remains for the next
 *   attempt
 */
export async function recoverArchive(
  base: string,
  template: ArchiveTemplate,
  files: FileLayer,
  signal?: AbortSignal,
): Promise<RecoveredArchive | null> {
  await removeLeftovers(base, files);
  const [open, stale] = [base + OPEN_SUFFIX, base + STALE_SUFFIX];
  // The stale file comes first: renaming the open one would replace it.
  const left = (await hasStaleFile(base, files)) ? stale : open;
  const found = await findFile(left, files);
  if (found === null) return null;
  // Before it is renamed: this throws for anything but a regular file.
  if (!found.isFile()) await (await files.open(left, 'r')).close();
  if (await hasFinalName(found, base, template, files)) {
    // A crash came between the two names of step 4, of a seal, or of a file that its writer had
    // replaced and set aside. It may have come before the sync of the new name: without that sync,
    // a power loss now could take both.
    await syncDirectory(files, dirname(base));
    await unlinkIfThere(files, left);
    await syncDirectory(files, dirname(base));
    return null;
  }
  if (left === open) {
    await files.rename(open, stale);
    await syncDirectory(files, dirname(base));
  }
  return await new StaleArchive(base, template, files, signal).recover();
}

/**
 * Whether there is a `NAME.stale`. Anything but a regular file was not left by a recovery: it gets
 * another name, because it would be in the way of all later ones.
 */
async function hasStaleFile(base: string, files: FileLayer): Promise<boolean> {
  const stale = base + STALE_SUFFIX;
  const found = await findFile(stale, files);
  if (found === null || found.isFile()) return found !== null;
  await files.rename(stale, `${base}${TORN_INFIX}${randomBytes(4).toString('hex')}`);
  return false;
}

/** Removes the incomplete copies of attempts that were interrupted. */
async function removeLeftovers(base: string, files: FileLayer): Promise<void> {
  const directory = dirname(base);
  for (const { name } of await files.readdir(directory)) {
    if (temporaryBaseOf(name) !== basename(base)) continue;
    await unlinkIfThere(files, join(directory, name));
  }
}

/**
 * Whether the file also has the name of a sealed archive, or `NAME.suspect`. Any name may be that of
 * the archive: some tokens depend on content.
 */
async function hasFinalName(
  left: FileStatus,
  base: string,
  template: ArchiveTemplate,
  files: FileLayer,
): Promise<boolean> {
  if (left.nlink < 2) return false;
  const directory = dirname(base);
  const suspects = (await files.readdir(directory))
    .filter(({ name }) => name.endsWith(SUSPECT_SUFFIX))
    .map(({ name }) => join(directory, name));
  for (const path of [...suspects, ...(await listSealed(directory, template.pattern, files))]) {
    const other = await findFile(path, files);
    if (other !== null && isSecondName(other, left)) return true;
  }
  return false;
}

/** A `NAME.stale`, and steps 2 to 4 of its recovery. */
class StaleArchive {
  readonly #base: string;
  readonly #directory: string;
  readonly #path: string;
  readonly #template: ArchiveTemplate;
  readonly #files: FileLayer;
  readonly #signal: AbortSignal | undefined;
  readonly #damage = new DamageList();

  constructor(
    base: string,
    template: ArchiveTemplate,
    files: FileLayer,
    signal: AbortSignal | undefined,
  ) {
    this.#signal = signal;
    this.#base = base;
    this.#directory = dirname(base);
    this.#path = base + STALE_SUFFIX;
    this.#template = template;
    this.#files = files;
  }

  /** @returns null if no frame was valid, or another recoverer was faster */
  async recover(): Promise<RecoveredArchive | null> {
    const source = await this.#files.open(this.#path, 'r');
    try {
      const { mtimeMs } = await source.stat();
      const facts = await this.#replaceByCopy(source);
      if (facts === null || (await this.#isReplaced(facts))) return null;
      return this.#report(await this.#seal(facts), facts, Math.round(mtimeMs));
    } catch (error) {
      // If the stale file is gone, another recoverer has finished this recovery.
      if (isMissing(error) && (await findFile(this.#path, this.#files)) === null) return null;
      throw error;
    } finally {
      await source.close();
    }
  }

  /**
   * Replaces the file by a copy of all its valid frames.
   *
   * @returns null if there was nothing to copy, or if another recoverer has replaced the file
   */
  async #replaceByCopy(source: OpenFile): Promise<CopyFacts | null> {
    const temporary = temporaryPath(this.#base);
    const target = await this.#files.open(temporary, 'wx');
    try {
      const facts = await this.#copy(source, target).finally(() => target.close());
      await syncDirectory(this.#files, this.#directory);
      if (!(await this.#isStill(await source.stat()))) return null;
      if (facts.bytes > 0) await this.#files.rename(temporary, this.#path);
      else await unlinkIfThere(this.#files, this.#path);
      await syncDirectory(this.#files, this.#directory);
      return facts.bytes > 0 ? facts : null;
    } finally {
      await unlinkIfThere(this.#files, temporary);
    }
  }

  async #copy(source: OpenFile, target: OpenFile): Promise<CopyFacts> {
    const copy = new ArchiveCopy(target, async (writer, sequence) => {
      const others = await listSealed(this.#directory, this.#template.pattern, this.#files);
      return await findPreviousArchive(others, writer, sequence, this.#files);
    });
    try {
      const bytes = await this.#copyPieces(source, copy);
      const facts = await copy.finish();
      await keepTornAside(this.#base, source, bytes, this.#damage, this.#files);
      return facts;
    } finally {
      copy.release();
    }
  }

  /** Returns how many bytes were read. */
  async #copyPieces(source: OpenFile, copy: ArchiveCopy): Promise<number> {
    const pool = new ChunkPool();
    let bytes = 0;
    let lastByte: number | undefined;
    const pieces = walkArchive(new FileSource(source, this.#path, { isOpen: false, pool }), {
      // The writer's own `maxRecordBytes` may have been larger than that of the writer that
      // recovers.
      maxRecordBytes: LARGEST_RECORD_BYTES,
      onDamage: (skipped) => this.#damage.add(skipped),
      onBytes: (chunk) => {
        bytes += chunk.length;
        lastByte = chunk.at(-1);
      },
      onPassed: (chunk) => pool.keep(chunk),
    });
    for await (const piece of pieces) {
      this.#signal?.throwIfAborted();
      await copy.add(piece);
    }
    if (lastByte !== LINE_FEED && this.#damage.end < bytes) this.#cutTornLine(copy, bytes);
    return bytes;
  }

  #cutTornLine(copy: ArchiveCopy, end: number): void {
    const begin = end - copy.dropLine();
    if (begin === end) return;
    const stretch = { archive: this.#path, begin, end };
    this.#damage.add({ ...stretch, reason: 'torn', recordsLost: undefined });
  }

  /**
   * Sets the file aside if its writer had already replaced it by an archive with all its blocks:
   * sealed as well, it would make two archives with one number.
   */
  async #isReplaced(facts: CopyFacts): Promise<boolean> {
    const sealed = await listSealed(this.#directory, this.#template.pattern, this.#files);
    // Under its own name it may be this archive, of a recovery that was interrupted.
    const others = sealed.filter((path) => path !== this.#sealedPath(facts));
    if ((await findReplacement(this.#path, others, this.#files)) === undefined) return false;
    const wanted = this.#base + SUSPECT_SUFFIX;
    await takeNameForContent(this.#path, wanted, facts.sha256, this.#files);
    await syncDirectory(this.#files, this.#directory);
    await unlinkIfThere(this.#files, this.#path);
    await syncDirectory(this.#files, this.#directory);
    return true;
  }

  /** Returns the path that the archive has now. */
  async #seal(facts: CopyFacts): Promise<string> {
    const wanted = this.#sealedPath(facts);
    const path = await takeNameForContent(this.#path, wanted, facts.sha256, this.#files);
    await syncDirectory(this.#files, this.#directory);
    await unlinkIfThere(this.#files, this.#path);
    await syncDirectory(this.#files, this.#directory);
    return path;
  }

  #sealedPath(facts: CopyFacts): string {
    return join(this.#directory, this.#template.sealedName(basename(this.#base), facts));
  }

  #report(path: string, facts: CopyFacts, openedAt: number): RecoveredArchive {
    const { bytes, firstTimeMicros, format, lastTimeMicros, records, sha256 } = facts;
    const { ordinal, writer } = facts;
    const { named, stretches } = this.#damage;
    return {
      ...{ path, name: basename(path), bytes, records, sha256, format, ordinal, writer },
      openedAt,
      firstTime: dateOf(firstTimeMicros),
      lastTime: dateOf(lastTimeMicros),
      ...{ damage: named, damagedStretches: stretches },
    };
  }

  async #isStill(own: FileStatus): Promise<boolean> {
    const found = await findFile(this.#path, this.#files);
    return found !== null && isUnchanged(found, own);
  }
}

function dateOf(timeMicros: number | null): Date | null {
  return timeMicros === null ? null : new Date(timeMicros / 1000);
}
