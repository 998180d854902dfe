import { FORMAT_BYTES, memberFormatOf } from '../../codec/compression/member-formats.js';
import type { MemberFormat } from '../../codec/compression/members/member-format.js';
import type { IndexedMember } from '../../codec/compression/members/member-index.js';
import type { ArchiveSource } from './archive-source.js';
import { readLastMemberIndex, readTotals } from './read-member-index.js';

/** Where a member begins: in the compressed file, and in the archive. */
export type MemberStart = Pick<IndexedMember, 'offset' | 'rawOffset'>;

/** One of the files of ours that were concatenated. */
interface FilePart extends MemberStart {
  /** Where it ends in the compressed file. */
  readonly end: number;
  readonly format: MemberFormat;
}

/** A file of more concatenated archives than this is read up to its first damage. */
const MOST_PARTS = 1024;

/** Finds where a reader can continue after a damaged member, by the indexes of the file. */
export class LaterMembers {
  readonly #source: ArchiveSource;
  #parts: readonly FilePart[] | undefined;
  /** The part whose index was read last: one index is in memory at a time. */
  #indexed: { readonly part: FilePart; readonly members: readonly MemberStart[] } | undefined;

  constructor(source: ArchiveSource) {
    this.#source = source;
  }

  /**
   * The first member that begins with a frame or a line after the member at byte `offset` of the
   * file. Null if no index names one.
   */
  async find(offset: number): Promise<MemberStart | null> {
    this.#parts ??= await readParts(this.#source);
    for (const part of this.#parts) {
      if (part.end <= offset) continue;
      const members = await this.#membersOf(part);
      const next = members.find((member) => member.offset > offset);
      if (next !== undefined) return next;
    }
    return null;
  }

  /** The members of a part that begin whole. Without an index, the first one always does. */
  async #membersOf(part: FilePart): Promise<readonly MemberStart[]> {
    if (this.#indexed?.part === part) return this.#indexed.members;
    const read = this.#source.read.bind(this.#source);
    const index = await readLastMemberIndex(part.format, { size: async () => part.end, read });
    const members =
      index === null
        ? [part]
        : index.members
            .filter(({ beginsWhole }) => beginsWhole)
            .map(({ offset, rawOffset }) => ({ offset, rawOffset: part.rawOffset + rawOffset }));
    this.#indexed = { part, members };
    return members;
  }
}

/** The files that were concatenated, by their ends; none if these do not lead back to the start. */
async function readParts(source: ArchiveSource): Promise<readonly FilePart[]> {
  const format = memberFormatOf(await source.read({ start: 0, end: FORMAT_BYTES }));
  if (format === null) return [];
  const sizes: { readonly offset: number; readonly end: number; readonly rawBytes: number }[] = [];
  for (let end = await source.size(); end > 0; ) {
    const found = sizes.length < MOST_PARTS ? await readTotals(format, source, end) : null;
    if (found === null) return [];
    const { suffixBytes, totals } = found;
    const offset = end - suffixBytes - totals.dataBytes;
    sizes.push({ offset, end, rawBytes: totals.rawBytes });
    end = offset;
  }
  let rawOffset = 0;
  return sizes.toReversed().map(({ rawBytes, ...place }) => {
    const part = { ...place, rawOffset, format };
    rawOffset += rawBytes;
    return part;
  });
}
