import { NOTHING_SHIPPED, type ShippingState } from '../writing/handlers/archive-shipper.js';
import type { DurationCounts } from '../writing/sink/disk-figures.js';
import type { WriterStats } from '../writing/writer-stats.js';

/** The counts of a writer that has done nothing. */
export const NO_STATS: WriterStats = {
  records: 0,
  skipped: 0,
  alreadyArchived: 0,
  pendingRecords: 0,
  blocks: 0,
  writtenBytes: 0,
  rolls: 0,
  sealed: 0,
  sealedBytes: 0,
  syncs: { count: 0, totalMs: 0, atMost: [] },
  shipped: 0,
  storedBytes: 0,
  left: 0,
  oldestLeftMs: null,
  spoolBytes: 0,
  dropped: 0,
  evidence: NOTHING_SHIPPED.evidence,
  uploads: NOTHING_SHIPPED.uploads,
  retries: { disk: 0, store: 0 },
  stalls: 0,
  stalled: null,
};

/** Sums of what two writers count themselves; shipping, which they share, is not among it. */
export function addStats(one: WriterStats, other: WriterStats): WriterStats {
  const sum = (name: SummedName) => one[name] + other[name];
  return {
    ...NO_STATS,
    records: sum('records'),
    skipped: sum('skipped'),
    alreadyArchived: sum('alreadyArchived'),
    pendingRecords: sum('pendingRecords'),
    blocks: sum('blocks'),
    writtenBytes: sum('writtenBytes'),
    rolls: sum('rolls'),
    sealed: sum('sealed'),
    sealedBytes: sum('sealedBytes'),
    spoolBytes: sum('spoolBytes'),
    stalls: sum('stalls'),
    syncs: addDurations(one.syncs, other.syncs),
    retries: { disk: one.retries.disk + other.retries.disk, store: 0 },
    stalled: one.stalled ?? other.stalled,
  };
}

/** The counts with those of shipping, which all writers share. */
export function withShipping(
  stats: WriterStats,
  shipping: ShippingState = NOTHING_SHIPPED,
): WriterStats {
  const { dropped, error, evidence, oldestLeftMs, shipped, storedBytes, uploads } = shipping;
  return {
    ...stats,
    ...{ shipped, storedBytes, oldestLeftMs, dropped, evidence, uploads },
    left: shipping.left.length,
    spoolBytes: stats.spoolBytes + shipping.leftBytes,
    ...(error && { reason: error }),
  };
}

type SummedName =
  | 'records'
  | 'skipped'
  | 'alreadyArchived'
  | 'pendingRecords'
  | 'blocks'
  | 'writtenBytes'
  | 'rolls'
  | 'sealed'
  | 'sealedBytes'
  | 'spoolBytes'
  | 'stalls';

/** All writers have the same bounds. */
function addDurations(one: DurationCounts, other: DurationCounts): DurationCounts {
  const [longer, shorter] = one.atMost.length < other.atMost.length ? [other, one] : [one, other];
  return {
    count: one.count + other.count,
    totalMs: one.totalMs + other.totalMs,
    atMost: longer.atMost.map(({ count, ms }, i) => ({
      ms,
      count: count + (shorter.atMost[i]?.count ?? 0),
    })),
  };
}
