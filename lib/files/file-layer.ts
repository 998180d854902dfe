import { constants, watch } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises';

import { cleanCause } from '../errors/clean-cause.js';
import { openRegularFile } from './open-regular-file.js';

/** An open file. Positions and lengths are in bytes. */
export interface OpenFile {
  /** The size at the moment of opening. Undefined unless the file was opened for reading. */
  readonly bytesWhenOpened?: number;
  /** May write fewer bytes than `length`, as the system call does. */
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<WriteResult>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<ReadResult>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  stat(): Promise<FileStatus>;
  /** Sets the times of access and modification, in seconds since the epoch. */
  utimes(accessed: number, changed: number): Promise<void>;
  close(): Promise<void>;
}

/** The result of one write. */
export interface WriteResult {
  readonly bytesWritten: number;
}

/** The result of one read. */
export interface ReadResult {
  /** 0 at the end of the file. */
  readonly bytesRead: number;
}

/** The fields of Node's `Stats` that are used. */
export interface FileStatus {
  readonly size: number;
  readonly ino: number;
  readonly dev: number;
  readonly nlink: number;
  readonly mtimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

/**
 * `'r'` reads, and does not follow a symbolic link: for whatever is found in a directory. `'rl'`
 * follows it: for what a user has named. Both open only regular files, and never block. `'wx'`
 * creates and writes, and fails when the name is taken; `'wx+'` also reads.
 */
export type OpenMode = 'r' | 'rl' | 'wx' | 'wx+';

/** The fields of Node's `Dirent` that are used. */
export interface DirectoryEntry {
  readonly name: string;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** The callbacks of a watched directory. */
export interface WatchListener {
  /**
   * A name in the directory, or the file that it names, has changed.
   *
   * @param name null if the system does not say which
   */
  onChange(name: string | null): void;
  /** The directory can no longer be watched. */
  onError(error: unknown): void;
}

/** A directory that is watched until `close`. */
export interface DirectoryWatch {
  close(): void;
}

/**
 * Every call to the file system goes through this interface, so that specs can make any of them
 * fail. Errors are Node's own, with `code` and `syscall`, except the `NotAFileError` of `open`.
 */
export interface FileLayer {
  /**
   * @param permissions of a file that is created; the process's umask may take some away.
   *   @default 0o600
   */
  open(path: string, mode: OpenMode, permissions?: number): Promise<OpenFile>;
  stat(path: string): Promise<FileStatus>;
  /** As `stat`, but does not follow a symbolic link. */
  lstat(path: string): Promise<FileStatus>;
  readdir(path: string): Promise<DirectoryEntry[]>;
  link(existing: string, path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Creates a directory, and its parents where they are missing, for the owner alone: 0o700. */
  mkdir(path: string): Promise<void>;
  /**
   * Removes an empty directory. Without this member, empty directories stay.
   */
  rmdir?(path: string): Promise<void>;
  /** Makes the names that were created, linked or removed in a directory survive a power loss. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Watches a directory, and keeps the process alive. Throws Node's error if the system cannot watch
   * it. Without this member, directories are listed from time to time instead.
   */
  watch?(path: string, listener: WatchListener): DirectoryWatch;
}

/** Opening anything but a directory fails, and does not block. Windows has neither flag. */
const OPEN_DIRECTORY =
  constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NONBLOCK ?? 0);

/** The permissions of a new file: its owner may read and write it, no other user may do anything. */
export const DEFAULT_FILE_MODE = 0o600;

/** The permissions of a new directory. */
const DIRECTORY_MODE = 0o700;

/** Node's file system. */
export const nodeFileLayer: FileLayer = {
  open(path, mode, permissions = DEFAULT_FILE_MODE) {
    if (mode === 'r') return withCleanErrors(openRegularFile(path, 'refuse'));
    if (mode === 'rl') return withCleanErrors(openRegularFile(path, 'follow'));
    return withCleanErrors(open(path, mode, permissions));
  },
  stat: (path) => withCleanErrors(stat(path)),
  lstat: (path) => withCleanErrors(lstat(path)),
  readdir: (path) => withCleanErrors(readdir(path, { withFileTypes: true })),
  link: (existing, path) => withCleanErrors(link(existing, path)),
  rename: (from, to) => withCleanErrors(rename(from, to)),
  unlink: (path) => withCleanErrors(unlink(path)),
  async mkdir(path) {
    await withCleanErrors(mkdir(path, { recursive: true, mode: DIRECTORY_MODE }));
  },
  rmdir: (path) => withCleanErrors(rmdir(path)),
  async syncDirectory(path) {
    const directory = await withCleanErrors(open(path, OPEN_DIRECTORY));
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
  watch(path, { onChange, onError }) {
    const watcher = watch(path, (_event, name) => onChange(name));
    watcher.on('error', onError);
    return watcher;
  },
};

/** Node quotes paths as they are, and other processes may have given files their names. */
async function withCleanErrors<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    cleanCause(error);
    throw error;
  }
}
