import { basename, dirname, join } from 'node:path';

import { ChunkPool } from '../../files/chunk-pool.js';
import type { FileLayer, FileStatus, OpenFile } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { isSameFile } from '../../files/same-file.js';
import { isMissing } from '../../files/system-error.js';
import { unlinkIfThere } from '../../files/take-name.js';
import { LARGEST_RECORD_BYTES } from '../../format/limits.js';
import { STALE_SUFFIX } from '../../series/names/archive-state.js';
import type { ArchiveTemplate } from '../../series/names/archive-template.js';
import { temporaryPath } from '../../series/names/temporary-path.js';
import { DamageList } from '../../series/opening/damage-list.js';
import { FileSource } from '../../series/opening/file-source.js';
import { walkArchive } from '../../series/opening/walk-archive.js';
import { ArchiveCopy, type CopyFacts } from './archive-copy.js';
import { giveName } from './give-name.js';
import { keepTornAside } from './keep-torn-aside.js';
import { findPreviousArchive, listSealed } from './previous-archive.js';
import type { RecoveredArchive } from './recovered-archive.js';

/** `NAME.stale`, which nobody writes to who would be believed; see `recoverArchive`. */
export class StaleArchive {
  readonly #base: string;
  readonly #directory: string;
  readonly #path: string;
  readonly #template: ArchiveTemplate;
  readonly #files: FileLayer;
  readonly #damage = new DamageList();

  constructor(base: string, template: ArchiveTemplate, files: FileLayer) {
    this.#base = base;
    this.#directory = dirname(base);
    this.#path = base + STALE_SUFFIX;
    this.#template = template;
    this.#files = files;
  }

  /** @returns null where no frame was whole, or another recoverer was faster */
  async recover(): Promise<RecoveredArchive | null> {
    const source = await this.#files.open(this.#path, 'r');
    try {
      const { mtimeMs } = await source.stat();
      const facts = await this.#replaceByCopy(source);
      return facts === null
        ? null
        : this.#report(await this.#seal(facts), facts, Math.round(mtimeMs));
    } catch (error) {
      // Another recoverer has finished what it, or this one, had begun.
      if (isMissing(error) && (await findFile(this.#path, this.#files)) === null) return null;
      throw error;
    } finally {
      await source.close();
    }
  }

  /**
   * Puts a copy of all that is valid in the file's place.
   *
   * @returns null where there was nothing to copy, or the file is another one by now
   */
  async #replaceByCopy(source: OpenFile): Promise<CopyFacts | null> {
    const temporary = temporaryPath(this.#base);
    const target = await this.#files.open(temporary, 'wx');
    try {
      const facts = await this.#copy(source, target).finally(() => target.close());
      await this.#files.syncDirectory(this.#directory);
      if (!(await this.#isStill(await source.stat()))) return null;
      if (facts.bytes > 0) await this.#files.rename(temporary, this.#path);
      else await unlinkIfThere(this.#files, this.#path);
      await this.#files.syncDirectory(this.#directory);
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

  /** @returns how many bytes there were */
  async #copyPieces(source: OpenFile, copy: ArchiveCopy): Promise<number> {
    const pool = new ChunkPool();
    let bytes = 0;
    let lastByte: number | undefined;
    const pieces = walkArchive(new FileSource(source, this.#path, { isOpen: false, pool }), {
      // Its writer may have been told to take larger ones than the one that recovers it.
      maxRecordBytes: LARGEST_RECORD_BYTES,
      onDamage: (skipped) => this.#damage.add(skipped),
      onBytes: (chunk) => {
        bytes += chunk.length;
        lastByte = chunk.at(-1);
      },
      onPassed: (chunk) => pool.keep(chunk),
    });
    for await (const piece of pieces) await copy.add(piece);
    if (lastByte !== LINE_FEED && this.#damage.end < bytes) this.#dropTornLine(copy, bytes);
    return bytes;
  }

  #dropTornLine(copy: ArchiveCopy, end: number): void {
    const begin = end - copy.dropLine();
    if (begin === end) return;
    const place = { archive: this.#path, begin, end };
    this.#damage.add({ ...place, reason: 'torn', recordsLost: undefined });
  }

  /** @returns the path that it has now */
  async #seal(facts: CopyFacts): Promise<string> {
    const name = this.#template.sealedName(basename(this.#base), facts);
    const wanted = join(this.#directory, name);
    const path = await giveName(this.#path, wanted, facts.sha256, this.#files);
    await this.#files.syncDirectory(this.#directory);
    await unlinkIfThere(this.#files, this.#path);
    await this.#files.syncDirectory(this.#directory);
    return path;
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
    return found !== null && isSameFile(found, own);
  }
}

const LINE_FEED = 0x0a;

function dateOf(timeMicros: number | null): Date | null {
  return timeMicros === null ? null : new Date(timeMicros / 1000);
}
