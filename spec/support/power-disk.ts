import { basename, dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import type {
  DirectoryEntry,
  FileLayer,
  FileStatus,
  OpenFile,
  OpenMode,
} from '../../lib/files/file-layer.js';
import { cutContent, type PowerCut } from './power-cut.js';

/** Runs before a call takes effect. The power may fail there: see `copyAfter`. */
export type PowerHook = (call: string, path: string, n: number) => void;

/**
 * Times on the disk are an hour old, so that leases left by a power loss look stale to the next
 * writer.
 */
const CLOCK_LAG_MS = 60 * 60 * 1000;

interface FileNode {
  readonly kind: 'file';
  readonly ino: number;
  readonly dev: number;
  /**
   * The content at the last sync and after each change since. Never empty; no version is ever
   * modified.
   */
  versions: Buffer[];
  mtimeMs: number;
  /** The time to which a power loss may revert it. */
  syncedMtimeMs: number;
  /** After a failed sync, the system forgets the bytes: later syncs succeed without them. */
  hasFailed: boolean;
  links: number;
}

interface DirectoryNode {
  readonly kind: 'directory';
  readonly ino: number;
  readonly dev: number;
  readonly names: Map<string, Node>;
  /** The names that survive a power loss. */
  readonly syncedNames: Map<string, Node>;
}

type Node = FileNode | DirectoryNode;

interface NameChange {
  readonly directory: DirectoryNode;
  readonly name: string;
  /** Null for a removal. */
  readonly node: Node | null;
}

/** Changes that survive together or not at all: a rename has two. */
type NameStep = readonly NameChange[];

/**
 * A disk in memory that knows what survives a power loss, as strictly as POSIX allows. Bytes
 * survive after a sync of their file. Created, linked, renamed and unlinked names survive after a
 * sync of their directory. Before it, each change may survive or not, independently of the others;
 * but changes of one name keep their order, and a rename is atomic. `copyAfter` returns the disk
 * that the next start would find; this disk stays as it is.
 */
export class PowerDisk {
  readonly files: FileLayer;
  /** The names of all calls so far. */
  calls = 0;
  hook: PowerHook = () => undefined;
  /** Whether `link` fails, as on file systems without hard links. */
  refusesLinks = false;
  #root: DirectoryNode;
  /** Changes of names that were not synced, in order. */
  #unsynced: NameStep[] = [];
  #nextIno = 2;
  #isOff = false;
  #failsNextSync = false;

  constructor() {
    this.#root = createDirectory(1, 1);
    this.files = {
      open: (path, mode) => this.#call('open', path, () => this.#open(path, mode)),
      stat: (path) => this.#call('stat', path, () => statusOf(this.#find(path, 'stat'))),
      lstat: (path) => this.#call('lstat', path, () => statusOf(this.#find(path, 'lstat'))),
      readdir: (path) => this.#call('readdir', path, () => this.#readdir(path)),
      link: (from, path) => this.#call('link', path, () => this.#link(from, path)),
      rename: (from, path) => this.#call('rename', path, () => this.#rename(from, path)),
      unlink: (path) => this.#call('unlink', path, () => this.#unlink(path)),
      mkdir: (path) => this.#call('mkdir', path, () => void this.#makeDirectory(path)),
      syncDirectory: (path) =>
        this.#callSync('syncDirectory', path, () => {
          const directory = this.#directory(path, 'fsync');
          const steps = this.#unsynced.filter((step) => touches(step, directory));
          return () => this.#syncSteps(steps);
        }),
    };
  }

  /** Makes a directory that survives every power loss. */
  makeLastingDirectory(path: string): void {
    this.#makeDirectory(path);
    this.#syncSteps(this.#unsynced);
  }

  /** The paths of all files. */
  paths(): string[] {
    const paths: string[] = [];
    const walk = (directory: DirectoryNode, above: string) => {
      for (const [name, node] of directory.names) {
        if (node.kind === 'directory') walk(node, `${above}/${name}`);
        else paths.push(`${above}/${name}`);
      }
    };
    walk(this.#root, '');
    return paths.sort();
  }

  content(path: string): Buffer {
    return contentOf(this.#file(path, 'read'));
  }

  get isOff(): boolean {
    return this.#isOff;
  }

  /** Lets no call settle any more, because its process is dead. */
  powerOff(): void {
    this.#isOff = true;
  }

  /** Makes the next sync of a file fail with `EIO`. */
  failNextSync(): void {
    this.#failsNextSync = true;
  }

  /** The disk as the next start may find it after a power loss now. */
  copyAfter(cut: PowerCut): PowerDisk {
    const found = this.#namesAfter(cut);
    const namesOf = (directory: DirectoryNode) => found.get(directory) ?? directory.syncedNames;
    return this.#copy(new TreeCopy((file) => cutFile(file, cut), namesOf, namesOf));
  }

  /** A copy of the disk without its process. Changes that were not synced may still be lost. */
  copyRunning(): PowerDisk {
    const tree = new TreeCopy(
      (file) => ({ ...file, versions: [...file.versions] }),
      ({ names }) => names,
      ({ syncedNames }) => syncedNames,
    );
    const copy = this.#copy(tree);
    copy.#unsynced = this.#unsynced.map((step) => step.map((one) => tree.change(one)));
    return copy;
  }

  #copy(tree: TreeCopy): PowerDisk {
    const copy = new PowerDisk();
    copy.#root = tree.directory(this.#root);
    copy.#nextIno = this.#nextIno;
    copy.refusesLinks = this.refusesLinks;
    return copy;
  }

  /** The names in each directory that has changes. */
  #namesAfter({ names, random }: PowerCut): Map<DirectoryNode, Map<string, Node>> {
    const found = new Map<DirectoryNode, Map<string, Node>>();
    const lost: NameChange[] = [];
    for (const step of this.#unsynced) {
      const isAdding = step.some(({ node }) => node !== null);
      const isKept =
        names === 'kept' ||
        (names === 'added' && isAdding) ||
        (names === 'removed' && !isAdding) ||
        (typeof names === 'number' && random() < names);
      // The disk writes the changes of one name in order.
      if (!isKept || hasCommonName(step, lost)) {
        lost.push(...step);
        continue;
      }
      for (const change of step) {
        const entries = found.get(change.directory) ?? new Map(change.directory.syncedNames);
        found.set(change.directory, entries);
        setName(entries, change);
      }
    }
    return found;
  }

  async #call<T>(call: string, path: string, go: () => T): Promise<T> {
    await this.#begin(call, path);
    return go();
  }

  /** @param begin notes the state to sync, and returns a function that makes this state survive */
  async #callSync(call: string, path: string, begin: () => () => void): Promise<void> {
    await this.#begin(call, path);
    const end = begin();
    await setImmediate();
    if (this.#isOff) await new Promise<never>(() => undefined);
    end();
  }

  async #begin(call: string, path: string): Promise<void> {
    if (!this.#isOff) this.hook(call, path, ++this.calls);
    if (this.#isOff) await new Promise<never>(() => undefined);
  }

  #open(path: string, mode: OpenMode): OpenFile {
    const isNew = mode === 'wx' || mode === 'wx+';
    const node = isNew ? this.#create(path) : this.#find(path, 'open');
    if (node.kind === 'directory') throw systemError('EISDIR', 'open', path);
    let isOpen = true;
    const own = () => {
      if (!isOpen) throw systemError('EBADF', 'call', path);
      return node;
    };
    const sync = (call: string, withTimes: boolean) =>
      this.#callSync(call, path, () => {
        const { mtimeMs } = own();
        const synced = contentOf(node);
        if (this.#failsNextSync) {
          this.#failsNextSync = false;
          node.hasFailed = true;
          throw systemError('EIO', call, path);
        }
        return () => {
          if (node.hasFailed) return;
          const at = node.versions.indexOf(synced);
          // A sync that began later may have ended first.
          if (at !== -1) node.versions = node.versions.slice(at);
          if (withTimes) node.syncedMtimeMs = mtimeMs;
        };
      });
    return {
      write: (bytes, offset, length, position) =>
        this.#call('write', path, () => {
          const before = contentOf(own());
          const after = Buffer.alloc(Math.max(before.length, position + length));
          before.copy(after);
          after.set(bytes.subarray(offset, offset + length), position);
          change(node, after);
          return { bytesWritten: length };
        }),
      read: (bytes, offset, length, position) =>
        this.#call('read', path, () => {
          const found = contentOf(own()).subarray(position, position + length);
          bytes.set(found, offset);
          return { bytesRead: found.length };
        }),
      truncate: (length) =>
        this.#call('truncate', path, () => {
          const after = Buffer.alloc(length);
          contentOf(own()).copy(after);
          change(node, after);
        }),
      datasync: () => sync('datasync', false),
      sync: () => sync('sync', true),
      stat: () => this.#call('stat', path, () => statusOf(own())),
      // Does not count: the system's clock decides when leases are renewed.
      utimes: async (_accessed, changed) => {
        if (this.#isOff) await new Promise<never>(() => undefined);
        own().mtimeMs = changed * 1000;
      },
      close: () =>
        this.#call('close', path, () => {
          own();
          isOpen = false;
        }),
    };
  }

  #create(path: string): FileNode {
    const now = Date.now() - CLOCK_LAG_MS;
    const state = { mtimeMs: now, syncedMtimeMs: now, hasFailed: false };
    const identity = { ino: this.#nextIno++, dev: deviceOf(path) };
    const node: FileNode = {
      ...{ kind: 'file', ...identity, versions: [Buffer.alloc(0)], links: 0, ...state },
    };
    this.#add(path, node, 'open');
    return node;
  }

  #readdir(path: string): DirectoryEntry[] {
    return [...this.#directory(path, 'scandir').names].map(([name, { kind }]) => ({
      name,
      isFile: () => kind === 'file',
      isDirectory: () => kind === 'directory',
      isSymbolicLink: () => false,
    }));
  }

  #link(from: string, path: string): void {
    if (this.refusesLinks) throw systemError('EPERM', 'link', path);
    this.#add(path, this.#file(from, 'link'), 'link');
  }

  #rename(from: string, path: string): void {
    const node = this.#find(from, 'rename');
    const replaced = this.#directory(dirname(path), 'rename').names.get(basename(path));
    // As in POSIX: a rename between two names of one file does nothing.
    if (replaced === node) return;
    if (replaced?.kind === 'file') replaced.links--;
    this.#change([this.#changeOf(from, null, 'rename'), this.#changeOf(path, node, 'rename')]);
  }

  #unlink(path: string): void {
    const node = this.#file(path, 'unlink');
    node.links--;
    this.#change([this.#changeOf(path, null, 'unlink')]);
  }

  #makeDirectory(path: string): DirectoryNode {
    if (path === '/') return this.#root;
    const above = this.#makeDirectory(dirname(path));
    const found = above.names.get(basename(path));
    if (found?.kind === 'directory') return found;
    const made = createDirectory(this.#nextIno++, deviceOf(path));
    this.#add(path, made, 'mkdir');
    return made;
  }

  #add(path: string, node: Node, syscall: string): void {
    const added = this.#changeOf(path, node, syscall);
    if (added.directory.names.has(added.name)) throw systemError('EEXIST', syscall, path);
    if (node.kind === 'file') node.links++;
    this.#change([added]);
  }

  #changeOf(path: string, node: Node | null, syscall: string): NameChange {
    if (node !== null && node.dev !== deviceOf(path)) throw systemError('EXDEV', syscall, path);
    return { directory: this.#directory(dirname(path), syscall), name: basename(path), node };
  }

  #change(step: NameStep): void {
    for (const one of step) setName(one.directory.names, one);
    this.#unsynced.push(step);
  }

  /** Makes changes of names survive, and all earlier changes of the same names. */
  #syncSteps(steps: readonly NameStep[]): void {
    const lasting = new Set<NameStep>();
    for (const step of [...this.#unsynced].reverse()) {
      if (steps.includes(step) || hasCommonName(step, [...lasting].flat())) lasting.add(step);
    }
    for (const one of this.#unsynced.filter((step) => lasting.has(step)).flat()) {
      setName(one.directory.syncedNames, one);
    }
    this.#unsynced = this.#unsynced.filter((step) => !lasting.has(step));
  }

  #find(path: string, syscall: string): Node {
    let node: Node = this.#root;
    for (const name of path.split('/').filter(Boolean)) {
      if (node.kind === 'file') throw systemError('ENOTDIR', syscall, path);
      const next: Node | undefined = node.names.get(name);
      if (next === undefined) throw systemError('ENOENT', syscall, path);
      node = next;
    }
    return node;
  }

  #file(path: string, syscall: string): FileNode {
    const node = this.#find(path, syscall);
    if (node.kind === 'directory') throw systemError('EISDIR', syscall, path);
    return node;
  }

  #directory(path: string, syscall: string): DirectoryNode {
    const node = this.#find(path, syscall);
    if (node.kind === 'file') throw systemError('ENOTDIR', syscall, path);
    return node;
  }
}

type NamesOf = (directory: DirectoryNode) => ReadonlyMap<string, Node>;

/** Copies a tree in which a file may have several names or none. */
class TreeCopy {
  readonly #copies = new Map<Node, Node>();
  readonly #cut: (file: FileNode) => FileNode;
  readonly #namesOf: NamesOf;
  readonly #syncedNamesOf: NamesOf;

  constructor(cut: (file: FileNode) => FileNode, namesOf: NamesOf, syncedNamesOf: NamesOf) {
    this.#cut = cut;
    this.#namesOf = namesOf;
    this.#syncedNamesOf = syncedNamesOf;
  }

  directory(from: DirectoryNode): DirectoryNode {
    const known = this.#copies.get(from);
    if (known?.kind === 'directory') return known;
    const copy: DirectoryNode = { ...from, names: new Map(), syncedNames: new Map() };
    this.#copies.set(from, copy);
    for (const [name, node] of this.#namesOf(from)) {
      const named = this.#node(node);
      if (named.kind === 'file') named.links++;
      copy.names.set(name, named);
    }
    for (const [name, node] of this.#syncedNamesOf(from)) {
      copy.syncedNames.set(name, this.#node(node));
    }
    return copy;
  }

  change({ directory, name, node }: NameChange): NameChange {
    return {
      directory: this.directory(directory),
      name,
      node: node === null ? null : this.#node(node),
    };
  }

  #node(from: Node): Node {
    if (from.kind === 'directory') return this.directory(from);
    const known = this.#copies.get(from);
    if (known !== undefined) return known;
    const copy = { ...this.#cut(from), links: 0 };
    this.#copies.set(from, copy);
    return copy;
  }
}

function cutFile(file: FileNode, cut: PowerCut): FileNode {
  const content = cutContent(file.versions, cut);
  const isLost = cut.bytes === 'lost' || (cut.bytes !== 'kept' && cut.random() < 0.5);
  const mtimeMs = isLost ? file.syncedMtimeMs : file.mtimeMs;
  return { ...file, versions: [content], mtimeMs, syncedMtimeMs: mtimeMs, hasFailed: false };
}

function createDirectory(ino: number, dev: number): DirectoryNode {
  return { kind: 'directory', ino, dev, names: new Map(), syncedNames: new Map() };
}

/** Paths below `/other` are on another device. */
function deviceOf(path: string): number {
  return path.startsWith('/other') ? 2 : 1;
}

function contentOf({ versions }: FileNode): Buffer {
  return versions.at(-1) ?? Buffer.alloc(0);
}

function change(file: FileNode, content: Buffer): void {
  file.versions.push(content);
  file.mtimeMs = Date.now() - CLOCK_LAG_MS;
}

function statusOf(node: Node): FileStatus {
  const isFile = node.kind === 'file';
  return {
    size: isFile ? contentOf(node).length : 0,
    ino: node.ino,
    dev: node.dev,
    nlink: isFile ? node.links : 2,
    mtimeMs: isFile ? node.mtimeMs : 0,
    isFile: () => isFile,
    isDirectory: () => !isFile,
  };
}

function setName(names: Map<string, Node>, { name, node }: NameChange): void {
  if (node === null) names.delete(name);
  else names.set(name, node);
}

function touches(step: NameStep, directory: DirectoryNode): boolean {
  return step.some((one) => one.directory === directory);
}

function hasCommonName(some: readonly NameChange[], others: readonly NameChange[]): boolean {
  return some.some((one) =>
    others.some((other) => one.directory === other.directory && one.name === other.name),
  );
}

function systemError(code: string, syscall: string, path: string): Error {
  const message = `${code}: refused by the simulated disk, ${syscall} '${path}'`;
  return Object.assign(new Error(message), { code, syscall, path });
}
