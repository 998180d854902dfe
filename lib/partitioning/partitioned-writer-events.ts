import type { ArchiveWriterEvents } from '../writing/archive-writer-events.js';
import type { WrittenManifest } from './manifests/manifest-chain.js';

/** The partition of an event. */
export interface InPartition {
  /** The path of the partition's folder below the writer's directory: `tenant=a/dt=2026-11-30`. */
  readonly partition: string;
}

/** The arguments of an event of a writer; the first one, if there is one, also names the partition. */
type Partitioned<Args extends readonly unknown[]> = Args extends readonly [
  infer First extends object,
]
  ? [first: First & InPartition]
  : Args;

/** The events of a partitioned writer: those of a writer, each with its partition. */
export type PartitionedWriterEvents = {
  readonly [Name in keyof Omit<ArchiveWriterEvents, 'drained' | 'invalid'>]: Partitioned<
    ArchiveWriterEvents[Name]
  >;
} & Pick<ArchiveWriterEvents, 'drained' | 'invalid'> & {
    /** A manifest is in the store: see the option `manifests`. */
    readonly manifest: [manifest: WrittenManifest];
  };
