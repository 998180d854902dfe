import type { ByteRange } from '../../files/byte-range.js';
import type { ArchiveSource } from './archive-source.js';
import type { FoundArchive } from './found-archive.js';

/** An archive whose sources are abortable. */
export function abortableArchive(
  archive: FoundArchive,
  signal: AbortSignal | undefined,
): FoundArchive {
  return {
    ...{ path: archive.path, isStored: archive.isStored },
    findFile: () => archive.findFile(),
    open: async (first) => abortableSource(await archive.open(first), signal),
    keep: (source) => archive.keep?.(source),
    remember: (identity) => archive.remember?.(identity),
  };
}

/**
 * A source that throws the signal's reason, once it has aborted, instead of reading on. Without a
 * signal, the source as it is.
 */
export function abortableSource(
  source: ArchiveSource,
  signal: AbortSignal | undefined,
): ArchiveSource {
  if (signal === undefined) return source;
  const fileNumber = source.fileNumber?.bind(source);
  return {
    path: source.path,
    isOpen: source.isOpen,
    get hasEnd() {
      return source.hasEnd === true;
    },
    size: () => source.size(),
    async read(range) {
      signal.throwIfAborted();
      return await source.read(range);
    },
    stream: (range) => readUntilAborted(source, range, signal),
    // Only a source in a file has it.
    ...(fileNumber !== undefined && { fileNumber }),
    close: () => source.close(),
  };
}

async function* readUntilAborted(
  source: ArchiveSource,
  range: ByteRange | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  for await (const chunk of source.stream(range)) {
    yield chunk;
    signal.throwIfAborted();
  }
}
