import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

import type { SkippedDamage } from '../codec/skipped-damage.js';
import { LARGEST_RECORD_BYTES } from '../format/limits.js';
import type { FileLayer, FileStatus, OpenFile } from '../storage/file-layer.js';
import { findFile } from '../storage/find-file.js';
import { systemCodeOf } from '../storage/system-error.js';
import { takeName, unlinkIfThere } from '../storage/take-name.js';
import { writeAll } from '../storage/write-all.js';
import { alternativeName } from './alternative-name.js';
import { OPEN_SUFFIX, RECOVERED_SUFFIX, STALE_SUFFIX, TORN_INFIX } from './archive-state.js';
import type { ArchiveTemplate } from './archive-template.js';
import { FileSource } from './file-source.js';
import { findPreviousArchive, listSealed, sha256Of } from './previous-archive.js';
import { RecoveredCopy } from './recovered-copy.js';
import { walkArchive } from './walk-archive.js';

/** An archive that its writer left open, and that is sealed now. */
export interface RecoveredArchive {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly records: number;
  /** What was no archive, and is kept aside: for each stretch a file `NAME.torn-OFFSET`. */
  readonly damage: readonly SkippedDamage[];
}

/**
 * Recovers `NAME.open`, or the `NAME.stale` that an earlier attempt left, whose lease the caller has: all
 * valid frames are copied to a new file, which is sealed under the archive's name; the rest is kept as
 * `NAME.torn-OFFSET`. Each step lasts before the next, and can be made again after a crash. Where there are
 * both, the stale one is recovered, and the other is left for the next call.
 *
 * The old file is renamed before it is read. Its writer, if it lives and only stalled, sees that before it
 * promises anything more.
 *
 * The index says what is known of the archive's place: that of the next one behind the last that its writer
 * sealed in this directory; without one, ordinal 0 and zeros for the digest of the one before.
 *
 * @param base the archive's path without the suffix of its state
 * @returns null where there was no record in it
 * @throws what the system calls throw; the old file is there then, for the next attempt
 */
export async function recoverArchive(
  base: string,
  template: ArchiveTemplate,
  files: FileLayer,
): Promise<RecoveredArchive | null> {
  const directory = dirname(base);
  const stale = base + STALE_SUFFIX;
  // It comes first: the rename would replace it.
  if ((await findFile(stale, files)) === null) {
    const open = await findFile(base + OPEN_SUFFIX, files);
    if (open === null) return null;
    if (await isSealed(open, directory, template, files)) {
      // A crash came between its two names.
      await unlinkIfThere(files, base + OPEN_SUFFIX);
      await files.syncDirectory(directory);
      return null;
    }
    await files.rename(base + OPEN_SUFFIX, stale);
    await files.syncDirectory(directory);
  }
  return await new StaleArchive(base, template, files).recover();
}

/** Whether the file has the name of a sealed archive, too: any, for content may have settled it. */
async function isSealed(
  open: FileStatus,
  directory: string,
  template: ArchiveTemplate,
  files: FileLayer,
): Promise<boolean> {
  if (open.nlink < 2) return false;
  for (const path of await listSealed(directory, template.pattern, files)) {
    const other = await findFile(path, files);
    if (other?.ino === open.ino && other.dev === open.dev) return true;
  }
  return false;
}

/** What is known of a file that was written whole. */
interface WrittenFile {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** `NAME.stale`, which nobody writes to who would be believed. */
class StaleArchive {
  readonly #base: string;
  readonly #directory: string;
  readonly #path: string;
  readonly #template: ArchiveTemplate;
  readonly #files: FileLayer;

  constructor(base: string, template: ArchiveTemplate, files: FileLayer) {
    this.#base = base;
    this.#directory = dirname(base);
    this.#path = base + STALE_SUFFIX;
    this.#template = template;
    this.#files = files;
  }

  /** @returns null where no frame was whole */
  async recover(): Promise<RecoveredArchive | null> {
    await this.#removeLeftovers();
    const source = await this.#files.open(this.#path, 'r');
    try {
      const recovered = await this.#recoverFrom(source);
      await this.#files.syncDirectory(this.#directory);
      await this.#remove(await source.stat());
      return recovered;
    } finally {
      await source.close();
    }
  }

  async #recoverFrom(source: OpenFile): Promise<RecoveredArchive | null> {
    const damage: SkippedDamage[] = [];
    const sealed = await this.#create(
      async (target) => {
        const copy = new RecoveredCopy(target, async (writer, sequence) => {
          const others = await listSealed(this.#directory, this.#template.pattern, this.#files);
          return await findPreviousArchive(others, writer, sequence, this.#files);
        });
        await this.#copyTo(copy, source, damage);
        const facts = await copy.finish();
        for (const { begin, end } of damage) await this.#keepAside(source, begin, end);
        return { ...facts, bytes: copy.bytes };
      },
      (facts) => this.#template.sealedName(basename(this.#base), facts),
    );
    if (sealed === null) return null;
    const { bytes, name, records } = sealed;
    return { path: join(this.#directory, name), name, bytes, records, damage };
  }

  async #copyTo(copy: RecoveredCopy, source: OpenFile, damage: SkippedDamage[]): Promise<void> {
    let end = 0;
    let lastByte: number | undefined;
    const pieces = walkArchive(new FileSource(source, this.#path, { isOpen: false }), {
      // Its writer may have been told to take larger ones than the one that recovers it.
      maxRecordBytes: LARGEST_RECORD_BYTES,
      onDamage: (skipped) => damage.push(skipped),
      onBytes: (chunk) => {
        end += chunk.length;
        lastByte = chunk.at(-1);
      },
    });
    for await (const piece of pieces) await copy.add(piece);
    if (lastByte === LINE_FEED || damage.at(-1)?.end === end) return;
    const begin = end - copy.dropLine();
    if (begin === end) return;
    damage.push({ archive: this.#path, begin, end, reason: 'torn', recordsLost: undefined });
  }

  /** Bytes that are no archive are not deleted: somebody may make something of them. */
  async #keepAside(source: OpenFile, begin: number, end: number): Promise<void> {
    await this.#create(
      async (target) => {
        const hash = createHash('sha256');
        let bytes = 0;
        for await (const chunk of readRange(source, begin, end)) {
          await writeAll(target, chunk, bytes);
          hash.update(chunk);
          bytes += chunk.length;
        }
        await target.sync();
        return { bytes, sha256: hash.digest('hex') };
      },
      () => `${basename(this.#base)}${TORN_INFIX}${begin}`,
    );
  }

  /**
   * Writes a file, and gives it a name once it is whole; without a byte in it there is none. Until then it
   * has a name that no other attempt has: one that had stalled, and goes on, must not give a final name to
   * what another is writing.
   */
  async #create<Facts extends WrittenFile>(
    fill: (target: OpenFile) => Promise<Facts>,
    nameOf: (facts: Facts) => string,
  ): Promise<(Facts & { readonly name: string }) | null> {
    const temporary = `${this.#base}.${randomBytes(4).toString('hex')}${RECOVERED_SUFFIX}`;
    const target = await this.#files.open(temporary, 'wx');
    try {
      const facts = await fill(target).finally(() => target.close());
      if (facts.bytes === 0) return null;
      return { ...facts, name: await this.#giveName(temporary, nameOf(facts), facts.sha256) };
    } finally {
      await unlinkIfThere(this.#files, temporary);
    }
  }

  /** The first name that is free, or that an earlier attempt has given to the same content. */
  async #giveName(temporary: string, wanted: string, sha256: string): Promise<string> {
    for (let n = 0; ; n++) {
      const name = n === 0 ? wanted : alternativeName(wanted, n);
      const path = join(this.#directory, name);
      try {
        await takeName(this.#files, temporary, path);
        return name;
      } catch (error) {
        if (systemCodeOf(error) !== 'EEXIST') throw error;
        if ((await sha256Of(path, this.#files)).toString('hex') === sha256) return name;
      }
    }
  }

  /** Unless the name is another file's by now. */
  async #remove(own: FileStatus): Promise<void> {
    const found = await findFile(this.#path, this.#files);
    if (found?.ino !== own.ino || found.dev !== own.dev) return;
    await unlinkIfThere(this.#files, this.#path);
    await this.#files.syncDirectory(this.#directory);
  }

  /** Copies of attempts that were cut off. */
  async #removeLeftovers(): Promise<void> {
    const prefix = `${basename(this.#base)}.`;
    for (const { name } of await this.#files.readdir(this.#directory)) {
      if (!name.startsWith(prefix)) continue;
      if (!LEFTOVER.test(name.slice(prefix.length))) continue;
      await unlinkIfThere(this.#files, join(this.#directory, name));
    }
  }
}

const LINE_FEED = 0x0a;

/** What is behind an archive's name and a dot in the name of a copy that is not whole. */
const LEFTOVER = /^[0-9a-f]{8}\.recovered$/;

const RANGE_CHUNK_BYTES = 256 * 2 ** 10;

async function* readRange(file: OpenFile, begin: number, end: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.allocUnsafe(Math.min(RANGE_CHUNK_BYTES, end - begin));
  for (let at = begin; at < end; ) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, end - at), at);
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
    at += bytesRead;
  }
}
