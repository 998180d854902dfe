import { Writable, type WritableOptions } from 'node:stream';

import type { WritableEvents } from '../streams/typed-events.js';
import type { TypedWritable } from '../streams/typed-streams.js';
import type { ArchiveWriterEvents } from './archive-writer-events.js';

/** The events of a writer, and those of every Writable. */
interface AllEvents extends ArchiveWriterEvents, WritableEvents {}

/** Writable itself, with types for the events of a writer. */
export const EventedWritable: new (options?: WritableOptions) => TypedWritable<AllEvents> =
  Writable;
