import { join } from 'node:path';

import type { ExportedRecord } from '../codec/records/exported-record.js';
import { ArchiveError } from '../errors/archive-error.js';
import type { FileLayer, OpenFile } from '../files/file-layer.js';
import { makeDirectory } from '../files/make-directory.js';
import { syncDirectory } from '../files/sync-directory.js';
import { isMissing } from '../files/system-error.js';
import { createUploadId, toTemporaryName } from '../files/temporary-name.js';
import { unlinkIfThere } from '../files/unlink-if-there.js';
import { writeAll } from '../files/write-all.js';
import { ParquetConverter, type ParquetSettings } from './parquet-converter.js';

/** A file of an export. */
export interface ExportedFile {
  /** Its path below the directory of the export, such as `dt=2026-11-30/part-00000.parquet`. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
}

/** What to do when a folder of the export holds Parquet files already. */
export type WhenExists = 'refuse' | 'replace';

/** Where and how files are written. */
export interface FilesSettings {
  readonly files: FileLayer;
  readonly directory: string;
  readonly whenExists: WhenExists;
  readonly maxOpenFiles: number;
  readonly parquet: ParquetSettings;
}

/** All rows in memory together. At this size the largest row group is written early. */
const MOST_PENDING_BYTES = 32 * 2 ** 20;

const EXTENSION = '.parquet';

/** A file that takes rows, under its temporary name. */
interface OpenPart {
  readonly folder: string;
  readonly path: string;
  readonly temporary: string;
  readonly file: OpenFile;
  readonly converter: ParquetConverter;
  rows: number;
  bytes: number;
}

/** A file that is complete, under its temporary name. */
interface WholePart extends ExportedFile {
  readonly folder: string;
  readonly temporary: string;
}

/**
 * Writes Parquet files in folders. Each has a temporary name that begins with a dot, until `publish`
 * gives all of them their own. The least recently used of the files that take rows is
 * ended when there are too many; later rows of its folder go to another file.
 */
export class ParquetFiles {
  readonly #settings: FilesSettings;
  readonly #exportId = createUploadId();
  /** By folder; the one that was used last comes last. */
  readonly #open = new Map<string, OpenPart>();
  #last: OpenPart | undefined;
  readonly #whole: WholePart[] = [];
  /** How many files each folder has got. */
  readonly #counts = new Map<string, number>();
  #pendingBytes = 0;
  #created = 0;

  constructor(settings: FilesSettings) {
    this.#settings = settings;
  }

  /** Adds a row to the file of a folder. Returns a promise only when it has to write. */
  add(folder: string, record: ExportedRecord): Promise<void> | undefined {
    const part = this.#last?.folder === folder ? this.#last : this.#open.get(folder);
    if (part === undefined) return this.#begin(folder).then((begun) => this.#add(begun, record));
    if (part !== this.#last) {
      this.#last = part;
      this.#open.delete(folder);
      this.#open.set(folder, part);
    }
    return this.#add(part, record);
  }

  /** Ends all files, and gives them their names. */
  async publish(): Promise<ExportedFile[]> {
    for (const part of [...this.#open.values()]) await this.#end(part);
    const { directory, files } = this.#settings;
    const folders = [...this.#counts.keys()].sort();
    for (const folder of folders) {
      const target = join(directory, folder);
      await makeDirectory(files, target);
      const earlier = await this.#earlierFiles(folder);
      const parts = this.#whole.filter((part) => part.folder === folder);
      for (const { path, temporary } of parts) await files.rename(temporary, join(directory, path));
      const names = new Set(parts.map(({ path }) => path.slice(folder.length + 1)));
      for (const name of earlier.filter((other) => !names.has(other))) {
        await unlinkIfThere(files, join(target, name));
      }
      await syncDirectory(files, target);
    }
    const exported = this.#whole.map(({ bytes, path, rows }) => ({ path, rows, bytes }));
    this.#whole.length = 0;
    return exported.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Removes whatever has no name yet. */
  async discard(): Promise<void> {
    const { files } = this.#settings;
    for (const { file, temporary } of this.#open.values()) {
      await file.close();
      await unlinkIfThere(files, temporary);
    }
    for (const { temporary } of this.#whole) await unlinkIfThere(files, temporary);
  }

  #add(part: OpenPart, record: ExportedRecord): Promise<void> | undefined {
    const { converter } = part;
    const before = converter.pendingBytes;
    converter.add(record);
    part.rows++;
    this.#pendingBytes += converter.pendingBytes - before;
    if (converter.pendingBytes < before) return this.#write(part, converter.take());
    return this.#pendingBytes < MOST_PENDING_BYTES ? undefined : this.#writeLargest();
  }

  async #writeLargest(): Promise<void> {
    const parts = [...this.#open.values()];
    const sizes = parts.map(({ converter }) => converter.pendingBytes);
    const largest = parts[sizes.indexOf(Math.max(...sizes))];
    if (largest === undefined) return;
    this.#pendingBytes -= largest.converter.pendingBytes;
    largest.converter.endGroup();
    await this.#write(largest, largest.converter.take());
  }

  async #begin(folder: string): Promise<OpenPart> {
    const { directory, files, maxOpenFiles, parquet } = this.#settings;
    const count = this.#counts.get(folder) ?? 0;
    if (count === 0) await this.#earlierFiles(folder);
    const [oldest] = this.#open.values();
    if (oldest !== undefined && this.#open.size >= maxOpenFiles) await this.#end(oldest);
    const path = `${folder}/part-${String(count).padStart(5, '0')}${EXTENSION}`;
    const name = toTemporaryName({
      name: `${this.#created++}${EXTENSION}`,
      uploadId: this.#exportId,
    });
    const temporary = join(directory, name);
    const converter = await ParquetConverter.load(parquet);
    const file = await files.open(temporary, 'wx');
    const part = { folder, path, temporary, file, converter, rows: 0, bytes: 0 };
    this.#counts.set(folder, count + 1);
    this.#open.set(folder, part);
    this.#last = part;
    return part;
  }

  async #end(part: OpenPart): Promise<void> {
    const { converter, file, folder, path, temporary } = part;
    this.#pendingBytes -= converter.pendingBytes;
    await this.#write(part, converter.end());
    await file.sync();
    await file.close();
    this.#open.delete(folder);
    if (this.#last === part) this.#last = undefined;
    this.#whole.push({ folder, path, temporary, rows: part.rows, bytes: part.bytes });
  }

  async #write(part: OpenPart, bytes: Uint8Array | undefined): Promise<void> {
    if (bytes === undefined) return;
    await writeAll(part.file, bytes, part.bytes);
    part.bytes += bytes.length;
  }

  /** The Parquet files that a folder holds already; fails if there are any and none may be. */
  async #earlierFiles(folder: string): Promise<string[]> {
    const { directory, files, whenExists } = this.#settings;
    const path = join(directory, folder);
    let names: string[] = [];
    try {
      const entries = await files.readdir(path);
      names = entries.map(({ name }) => name).filter((name) => name.endsWith(EXTENSION));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    if (names.length === 0 || whenExists === 'replace') return names;
    throw new ArchiveError(
      'ERR_EXPORT_EXISTS',
      `${path} holds Parquet files already (${names.length}): export elsewhere, or with whenExists: 'replace'`,
    );
  }
}
