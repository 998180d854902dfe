export type { ArchiveDecoderOptions } from './codec/archive-decoder.js';
export { ArchiveRecord, type Metadata, type RawPair } from './codec/archive-record.js';
export type { FormatOptions } from './codec/create-record-encoder.js';
export type { MetadataInput } from './codec/metadata-input.js';
export type { ArchiveFormat } from './codec/record-encoder.js';
export type { JsonValue, RecordFields, RecordInput } from './codec/record-input.js';
export type { SkippedDamage } from './codec/skipped-damage.js';
export { ArchiveError } from './errors/archive-error.js';
export { BacklogFullError } from './errors/backlog-full-error.js';
export { type Damage, DamageError, type DamageReason } from './errors/damage-error.js';
export { DirectoryError } from './errors/directory-error.js';
export { NoArchivesError } from './errors/no-archives-error.js';
export { RecordError } from './errors/record-error.js';
export { ShippingPendingError } from './errors/shipping-pending-error.js';
export { SpoolFullError } from './errors/spool-full-error.js';
export { StoreError, type StoreFailure } from './errors/store-error.js';
export { TemplateError } from './errors/template-error.js';
export type { ByteCount, Duration } from './format/quantity.js';
export type {
  ArchiveHandler,
  HandledPath,
  OpenedArchive,
  SealedArchive,
} from './rolling/archive-handler.js';
export type {
  ArchivePart,
  ArchiveReport,
  PartIndex,
  SequenceGap,
} from './rolling/archive-report.js';
export type {
  ArchiveFailure,
  ArchiveShipper,
  DroppedArchive,
  ShippableArchive,
  ShippedArchive,
  ShippingEvidence,
  ShippingListener,
  ShippingState,
} from './rolling/archive-shipper.js';
export type { SyncMode } from './rolling/archive-sync.js';
export { ArchiveTemplate, DEFAULT_TEMPLATE } from './rolling/archive-template.js';
export type { ArchiveWriterEvents, TypedEvents } from './rolling/archive-writer-events.js';
export type { ArchiveProblem } from './rolling/chain-problems.js';
export type { DiskOperation, DiskStall, DiskStep } from './rolling/disk-retry.js';
export type { ArchivePatterns } from './rolling/list-archives.js';
export type { SeriesOrder } from './rolling/order-archives.js';
export type { Receipt, ReceiptLevel, RecordPlace } from './rolling/receipt.js';
export type { RecoveredArchive } from './rolling/recover-archive.js';
export {
  type RepairOptions,
  type RepairReport,
  repairArchive,
} from './rolling/repair-archive.js';
export {
  rollAtClock,
  rollByAge,
  rollByCount,
  rollByIdle,
  rollBySize,
  rollNever,
} from './rolling/roll-policies.js';
export {
  type ArchiveFacts,
  type RollOption,
  type RollPolicy,
  rollWhenAll,
  rollWhenAny,
} from './rolling/roll-policy.js';
export type {
  RecordFilter,
  RollingReadOptions,
  TimeInput,
} from './rolling/rolling-read-options.js';
export {
  type ArchiveReader,
  type ArchiveReaderEvents,
  createArchiveReader,
  RollingReadStream,
} from './rolling/rolling-read-stream.js';
export type { RollingWriteOptions } from './rolling/rolling-write-options.js';
export { RollingWriteStream } from './rolling/rolling-write-stream.js';
export type { SeriesPattern, SeriesPatterns, StorePattern } from './rolling/series-patterns.js';
export { type VerifyOptions, verifyArchive } from './rolling/verify-archive.js';
export { type SeriesReport, verifyArchives } from './rolling/verify-archives.js';
export type {
  CloseOptions,
  CloseResult,
  FlushOptions,
  WriterStats,
} from './rolling/writer-stats.js';
export { changeExtension } from './shipping/change-extension.js';
export {
  type ArchiveWriter,
  type ArchiveWriterOptions,
  createArchiveWriter,
} from './shipping/create-archive-writer.js';
export { deleteFile } from './shipping/delete-file.js';
export { loadHandler } from './shipping/load-handler.js';
export { moveTo } from './shipping/move-to.js';
export type { LocalFile, ShipOptions } from './shipping/ship-options.js';
export type { WhenFull } from './shipping/spool-budget.js';
export { DirectoryStore, type DirectoryStoreOptions } from './storage/directory-store.js';
export {
  type DirectoryEntry,
  type FileLayer,
  type FileStatus,
  nodeFileLayer,
  type OpenFile,
  type OpenMode,
  type ReadResult,
  type WriteResult,
} from './storage/file-layer.js';
export { type OpenStoreOptions, openStore } from './storage/open-store.js';
export { S3Store } from './storage/s3-store.js';
export type {
  ChecksumOption,
  S3Credentials,
  S3Encryption,
  S3StorageClass,
  S3StoreOptions,
} from './storage/s3-store-options.js';
export type {
  ByteRange,
  Evidence,
  GetOptions,
  PutOptions,
  PutResult,
  Store,
  StoredObject,
  UnfinishedUpload,
} from './storage/store.js';
export { type Clock, systemClock, type Timer } from './streams/clock.js';
export { Decoder, type DecoderOptions } from './streams/decoder.js';
export { Encoder, type EncoderOptions } from './streams/encoder.js';
export { SeekableGzip, type SeekableGzipOptions } from './streams/seekable-gzip.js';
export { type ToJsonLinesOptions, toJsonLines } from './streams/to-json-lines.js';
export { type ToPayloadsOptions, toPayloads } from './streams/to-payloads.js';
