export type { FormatOptions } from './codec/create-record-encoder.js';
export type { ArchiveDecoderOptions } from './codec/frames/kind-decoder.js';
export type { SkippedDamage } from './codec/frames/skipped-damage.js';
export type { JsonLineRecord } from './codec/json-lines/event-line-reader.js';
export {
  ArchiveRecord,
  type Metadata,
  type RawPair,
  type RecordJson,
} from './codec/records/archive-record.js';
export type { ExportedRecord } from './codec/records/exported-record.js';
export type { MetadataInput } from './codec/records/metadata-input.js';
export type { ArchiveFormat } from './codec/records/record-encoder.js';
export type { JsonValue, RecordFields, RecordInput } from './codec/records/record-input.js';
export { ArchiveError } from './errors/archive-error.js';
export { BacklogFullError } from './errors/backlog-full-error.js';
export { ConflictError, type SequenceConflict } from './errors/conflict-error.js';
export { type Damage, DamageError, type DamageReason } from './errors/damage-error.js';
export { DeadlineError } from './errors/deadline-error.js';
export { DeliveryError, type DeliveryFailure } from './errors/delivery-error.js';
export { DirectoryError } from './errors/directory-error.js';
export { GlobError } from './errors/glob-error.js';
export { NoArchivesError } from './errors/no-archives-error.js';
export { NotAFileError } from './errors/not-a-file-error.js';
export { RecordError } from './errors/record-error.js';
export { ShippingPendingError } from './errors/shipping-pending-error.js';
export {
  type DivergedRecord,
  SourceDivergedError,
  type SourceDivergence,
} from './errors/source-diverged-error.js';
export { SpoolFullError } from './errors/spool-full-error.js';
export { StoreError, type StoreFailure } from './errors/store-error.js';
export { TemplateError } from './errors/template-error.js';
export type { ColumnsInput } from './exporting/columns.js';
export { readCursorFile, writeCursorFile } from './exporting/destinations/cursor-file.js';
export type {
  Destination,
  DestinationEvents,
  DestinationStats,
} from './exporting/destinations/destination.js';
export type {
  ConfirmedRecords,
  DestinationOptions,
} from './exporting/destinations/destination-options.js';
export type { Redelivery } from './exporting/destinations/redelivery.js';
export {
  type AmqpConfirmChannel,
  type AmqpConnection,
  type ToAmqpOptions,
  toAmqp,
} from './exporting/destinations/to-amqp.js';
export { type ToHttpOptions, toHttp } from './exporting/destinations/to-http.js';
export {
  type KafkaProducer,
  type ToKafkaOptions,
  toKafka,
} from './exporting/destinations/to-kafka.js';
export {
  type NatsPublishConnection,
  type ToNatsOptions,
  toNats,
} from './exporting/destinations/to-nats.js';
export {
  type ExportParquetOptions,
  exportParquet,
  type ParquetExport,
} from './exporting/export-parquet.js';
export { type FromJsonLinesOptions, fromJsonLines } from './exporting/from-json-lines.js';
export type { TimePartition } from './exporting/hive-partition.js';
export type {
  InvalidLine,
  JsonLinesEvents,
  JsonLinesParser,
  JsonLinesStats,
} from './exporting/json-lines-parser.js';
export type { ParquetPayload } from './exporting/parquet/parquet-schema.js';
export type { ExportedFile, WhenExists } from './exporting/parquet-files.js';
export { type ToCsvOptions, toCsv } from './exporting/to-csv.js';
export { type ToJsonLinesOptions, toJsonLines } from './exporting/to-json-lines.js';
export { type ToParquetOptions, toParquet } from './exporting/to-parquet.js';
export { type ToPayloadsOptions, toPayloads } from './exporting/to-payloads.js';
export type { ByteRange } from './files/byte-range.js';
export {
  type DirectoryEntry,
  type DirectoryWatch,
  type FileLayer,
  type FileStatus,
  nodeFileLayer,
  type OpenFile,
  type OpenMode,
  type ReadResult,
  type WatchListener,
  type WriteResult,
} from './files/file-layer.js';
export type { ByteCount, Duration } from './format/quantity.js';
export { createPartitionedWriter } from './partitioning/create-partitioned-writer.js';
export type { WrittenManifest } from './partitioning/manifests/manifest-chain.js';
export type { ManifestOptions } from './partitioning/manifests/manifest-options.js';
export {
  PartitionedWriter,
  type PartitionedWriterStats,
} from './partitioning/partitioned-writer.js';
export type {
  InPartition,
  PartitionedWriterEvents,
} from './partitioning/partitioned-writer-events.js';
export type { PartitionedWriterOptions } from './partitioning/partitioned-writer-options.js';
export { type FindLastOptions, findLastRecord } from './reading/find-last-record.js';
export {
  type ArchiveSummary,
  type ListArchivesOptions,
  listArchives,
} from './reading/list-archives.js';
export { type LastRead, type ReadLastOptions, readLast } from './reading/read-last.js';
export type {
  ReadOrder,
  RecordFilter,
  RollingReadOptions,
  TimeInput,
} from './reading/rolling-read-options.js';
export {
  type ArchiveReader,
  type ArchiveReaderEvents,
  createArchiveReader,
  RollingReadStream,
} from './reading/rolling-read-stream.js';
export type { LateRecords } from './reading/sequences/sequence-ledger.js';
export type {
  ArchivePart,
  ArchiveReport,
  PartIndex,
} from './reading/verifying/archive-report.js';
export type { ArchiveProblem } from './reading/verifying/chain-part.js';
export { type VerifyOptions, verifyArchive } from './reading/verifying/verify-archive.js';
export {
  type SeriesReport,
  type VerifyProgress,
  type VerifySeriesOptions,
  verifyArchives,
} from './reading/verifying/verify-archives.js';
export type { SkippedArchive } from './series/listing/find-archives.js';
export type { LocalPatterns } from './series/listing/list-local-archives.js';
export type { SeriesOrder } from './series/listing/order-archives.js';
export type {
  SeriesPattern,
  SeriesPatterns,
  StorePattern,
} from './series/listing/series-patterns.js';
export { ArchiveTemplate, DEFAULT_TEMPLATE } from './series/names/archive-template.js';
export { type SplitGlob, splitGlob } from './series/names/glob.js';
export { createGlobMatcher, type GlobMatcher } from './series/names/glob-matcher.js';
export type { SequenceGap } from './series/opening/sequence-gap.js';
export {
  type ArchiveWriter,
  type ArchiveWriterOptions,
  createArchiveWriter,
} from './shipping/create-archive-writer.js';
export {
  type FindLeftoversOptions,
  findLeftovers,
  type Leftover,
} from './shipping/find-leftovers.js';
export { type FindShippedOptions, findShippedObject } from './shipping/journal/shipped-object.js';
export type { RetainOptions } from './shipping/retention.js';
export {
  type ShipArchivesOptions,
  type ShipOutcome,
  type ShipProgress,
  type StoredArchive,
  shipArchives,
} from './shipping/ship-archives.js';
export type { LocalFile, ShipOptions, WhenFull } from './shipping/ship-options.js';
export {
  type ArchivedFrom,
  type ArchiveFromOptions,
  archiveFrom,
  type CreateSeriesWriter,
} from './sources/archive-from.js';
export {
  type InvalidMessage,
  type LostPositions,
  RecordSource,
  type SafePosition,
  type SeriesIntake,
  type SeriesWriterSettings,
  type SourceEvents,
  type SourceSeries,
  type SourceStats,
  type SourceTarget,
} from './sources/contract/record-source.js';
export type { SeriesWriter } from './sources/contract/series-writer.js';
export type {
  Evidence,
  GetOptions,
  PutOptions,
  PutResult,
  SkippedObject,
  Store,
  StoredObject,
  StoreListOptions,
  StoreRequestOptions,
  UnfinishedUpload,
} from './stores/contract/store.js';
export { DirectoryStore, type DirectoryStoreOptions } from './stores/directory/directory-store.js';
export { type OpenStoreOptions, openStore } from './stores/open-store.js';
export { S3Store } from './stores/s3/s3-store.js';
export type {
  ChecksumOption,
  S3CredentialProvider,
  S3Credentials,
  S3Encryption,
  S3StorageClass,
  S3StoreOptions,
} from './stores/s3/s3-store-options.js';
export { type Clock, systemClock, type Timer } from './streams/clock.js';
export { ignoreClosedPipe } from './streams/closed-pipe.js';
export type { CompressionOption } from './streams/compression/compression.js';
export { SeekableGzip, type SeekableGzipOptions } from './streams/compression/seekable-gzip.js';
export { SeekableZstd, type SeekableZstdOptions } from './streams/compression/seekable-zstd.js';
export { Decoder, type DecoderOptions } from './streams/decoder.js';
export type {
  DiagnosticsMessages,
  ReadDiagnostics,
  RetryDiagnostics,
  RollDiagnostics,
  SealDiagnostics,
  ShipDiagnostics,
  StallDiagnostics,
  SyncDiagnostics,
  WriteDiagnostics,
} from './streams/diagnostics.js';
export { Encoder, type EncoderOptions } from './streams/encoder.js';
export { type ReplayOptions, replay } from './streams/replay.js';
export {
  type EventedEmitter,
  type EventMap,
  type NoArguments,
  once,
  type ReadableEvents,
  type TypedEvents,
  type WritableEvents,
} from './streams/typed-events.js';
export type {
  ItemIterator,
  TypedReadable,
  TypedTransform,
  TypedWritable,
} from './streams/typed-streams.js';
export type {
  ArchiveWriterEvents,
  ExpiredArchive,
  InvalidRecord,
} from './writing/archive-writer-events.js';
export type { CloseOptions, CloseResult, FlushOptions } from './writing/close-options.js';
export type { ArchiveFailure } from './writing/handlers/archive-failure.js';
export type {
  ArchiveHandler,
  ArchiveLocation,
  HandledPath,
  OpenedArchive,
  SealedArchive,
} from './writing/handlers/archive-handler.js';
export type {
  ArchiveShipper,
  DroppedArchive,
  ShippableArchive,
  ShippedArchive,
  ShippingEvidence,
  ShippingListener,
  ShippingState,
  UploadCounts,
} from './writing/handlers/archive-shipper.js';
export { changeExtension } from './writing/handlers/change-extension.js';
export { deleteFile } from './writing/handlers/delete-file.js';
export { loadHandler } from './writing/handlers/load-handler.js';
export { moveTo } from './writing/handlers/move-to.js';
export {
  rollAtClock,
  rollByAge,
  rollByCount,
  rollByIdle,
  rollBySize,
  rollNever,
} from './writing/policies/roll-policies.js';
export {
  type ArchiveFacts,
  type RollOption,
  type RollPolicy,
  rollWhenAll,
  rollWhenAny,
} from './writing/policies/roll-policy.js';
export type { Receipt, RecordPlace } from './writing/receipts/receipt.js';
export type { ReceiptLevel } from './writing/receipts/receipt-level.js';
export type { RecoveredArchive } from './writing/recovery/recover-archive.js';
export {
  type RepairOptions,
  type RepairReport,
  repairArchive,
} from './writing/recovery/repair-archive.js';
export type { RollingWriteOptions } from './writing/rolling-write-options.js';
export { RollingWriteStream } from './writing/rolling-write-stream.js';
export type { ArchivedAt, ArchivedSearch } from './writing/sequences/find-archived-record.js';
export type { LostRecords } from './writing/sink/archive-sink.js';
export type { SyncMode } from './writing/sink/archive-sync.js';
export type { DurationCounts } from './writing/sink/disk-figures.js';
export type { DiskOperation, DiskStall, DiskStep } from './writing/sink/disk-retry.js';
export type { WriterStats } from './writing/writer-stats.js';
