import { randomBytes } from 'node:crypto';
import { readFile, realpath, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { systemCodeOf } from '../../options/system-code.js';
import { writeOutput } from '../../output/output-file.js';
import { type FileIdentity, hashOf } from './file-identity.js';
import type { Checkpoint, LastLine } from './line-position.js';

/** The file in the directory of the archives. Listings pass over names with a dot. */
const STATE_NAME = '.shoebox-files.json';

const VERSION = 1;

/** So many files that were read to their end are remembered, and so many that are not archived. */
const MOST_DONE = 1000;

/** So many paths are remembered: a glob may match a new file every day. */
const MOST_PATHS = 10_000;

/** A file whose lines are archived. */
export interface FollowedEntry extends FileIdentity {
  /** The path at which it was found, of which rotation takes it away. Absolute. */
  readonly path: string;
  inode: string;
  /** The text that names its writer. */
  source: string;
  /** How many files before it had the same identity, and 1. */
  readonly incarnation: number;
  /** Its size when it was last looked at, in bytes. */
  size: number;
  /** The last line that is sealed; absent until an archive is. */
  last?: LastLine;
  /** Up to where everything is sealed. */
  checkpoint?: Checkpoint | undefined;
  /** Whether it was rotated and read to its end. */
  isDone: boolean;
}

/** A file beside a path that is not archived: it was there before, or it is a copy. */
export interface IgnoredEntry extends FileIdentity {
  readonly path: string;
  inode: string;
}

interface StoredState {
  readonly version: number;
  readonly origin: string;
  readonly files: FollowedEntry[];
  readonly ignored: IgnoredEntry[];
  readonly paths: string[];
}

/**
 * The identities and positions of followed files, in a file beside the archives: how each is
 * recognised, which writer it has, and how far it is archived. An entry is on disk before the first record of its file.
 */
export class FollowState {
  /** The name of the file to which an unreadable state was moved. */
  readonly setAside: string | undefined;
  readonly #path: string;
  readonly #state: StoredState;
  #saving = Promise.resolve();
  /** A save that has not begun. */
  #next: Promise<void> | undefined;

  /** Reads the state of a directory. One that cannot be read is set aside. */
  static async load(directory: string): Promise<FollowState> {
    const path = join(directory, STATE_NAME);
    const text = await readIfThere(path);
    const state = text === undefined ? undefined : parse(text);
    if (state !== undefined) return new FollowState(path, state);
    const aside = `${path}.damaged-${randomBytes(4).toString('hex')}`;
    if (text !== undefined) await rename(path, aside);
    const origin = hashOf(`${hostname()} ${await realpath(directory)}`).slice(0, 16);
    const fresh = { version: VERSION, origin, files: [], ignored: [], paths: [] };
    return new FollowState(path, fresh, text === undefined ? undefined : aside);
  }

  private constructor(path: string, state: StoredState, setAside?: string) {
    this.#path = path;
    this.#state = state;
    this.setAside = setAside;
  }

  get files(): readonly FollowedEntry[] {
    return this.#state.files;
  }

  get ignored(): readonly IgnoredEntry[] {
    return this.#state.ignored;
  }

  knowsPath(path: string): boolean {
    return this.#state.paths.includes(path);
  }

  addPath(path: string): void {
    this.#state.paths.push(path);
  }

  ignore(identity: FileIdentity, path: string): void {
    this.#state.ignored.push({ ...identity, path });
  }

  /** Adds a file that was not known, and gives it a writer of its own. */
  add(
    identity: FileIdentity,
    path: string,
    { bornNs, size }: { readonly bornNs: bigint; readonly size: number },
  ): FollowedEntry {
    const { inode, prefixBytes, prefixHash } = identity;
    // The time of its creation tells files apart that one program wrote on copies of one machine,
    // with one inode and one first line.
    const base = ['file', this.#state.origin, inode, bornNs, prefixBytes, prefixHash].join('/');
    const earlier = this.#state.files.filter(({ source }) => source.startsWith(`${base}/`));
    const incarnation = Math.max(0, ...earlier.map((entry) => entry.incarnation)) + 1;
    const source = `${base}/${incarnation}`;
    const entry = { ...identity, path, source, incarnation, size, isDone: false };
    this.#state.files.push(entry);
    return entry;
  }

  /** Gives an entry a writer that no file has had. */
  rename(entry: FollowedEntry): void {
    entry.source += `/${randomBytes(8).toString('hex')}`;
  }

  remove(entry: FollowedEntry): void {
    this.#state.files.splice(this.#state.files.indexOf(entry), 1);
  }

  /** Replaces the state on disk. Calls that wait for the same earlier one share the next. */
  async save(): Promise<void> {
    this.#next ??= this.#saving.then(async () => {
      this.#next = undefined;
      await this.#write();
    });
    this.#saving = this.#next.catch(() => undefined);
    await this.#next;
  }

  async #write(): Promise<void> {
    this.#forgetOld();
    const text = `${JSON.stringify(this.#state, undefined, 1)}\n`;
    await writeOutput(this.#path, Readable.from([Buffer.from(text)]), true);
  }

  #forgetOld(): void {
    const { files, ignored, paths } = this.#state;
    const done = files.filter(({ isDone }) => isDone);
    for (const entry of done.slice(0, -MOST_DONE)) this.remove(entry);
    ignored.splice(0, Math.max(0, ignored.length - MOST_DONE));
    paths.splice(0, Math.max(0, paths.length - MOST_PATHS));
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): StoredState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isState(value) ? value : undefined;
}

function isState(value: unknown): value is StoredState {
  return (
    hasFields(value, { version: 'number', origin: 'string' }) &&
    Reflect.get(value, 'version') === VERSION &&
    isList(Reflect.get(value, 'files'), isFollowed) &&
    isList(Reflect.get(value, 'ignored'), isIdentity) &&
    isList(Reflect.get(value, 'paths'), (path) => typeof path === 'string')
  );
}

function isFollowed(value: unknown): boolean {
  const fields = { source: 'string', incarnation: 'number', size: 'number', isDone: 'boolean' };
  if (!isIdentity(value) || !hasFields(value, fields)) return false;
  const checkpoint: unknown = Reflect.get(value, 'checkpoint');
  const last: unknown = Reflect.get(value, 'last');
  const isPosition = hasFields(checkpoint, { line: 'number', offset: 'number', check: 'string' });
  const isLine = hasFields(last, { line: 'number', bytes: 'number', hash: 'string' });
  return (checkpoint === undefined || isPosition) && (last === undefined || isLine);
}

function isIdentity(value: unknown): boolean {
  const fields = { path: 'string', inode: 'string', prefixBytes: 'number', prefixHash: 'string' };
  return hasFields(value, fields) && Number(Reflect.get(value, 'prefixBytes')) <= 1024;
}

function isList(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function hasFields(
  value: unknown,
  fields: Readonly<Record<string, 'string' | 'number' | 'boolean' | string>>,
): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(fields).every(([name, type]) => {
    const field: unknown = Reflect.get(value, name);
    if (type === 'number') return Number.isSafeInteger(field) && Number(field) >= 0;
    return typeof field === type;
  });
}
