import { LARGEST_FRAME_HEADER, ZSTD_END_BYTES } from '../../../format/seekable-zstd.js';
import { splitPieces } from '../../bytes/pieces.js';
import type { MemberFormat } from '../members/member-format.js';
import { nullIfFaulty } from '../members/section.js';
import { isOurFrame, isZstd, markFrame, readZstdFrame } from './zstd-frame.js';
import { readZstdHead, zstdHeadBytes } from './zstd-head.js';
import {
  decodeZstdEnd,
  decodeZstdIndex,
  encodeZstdEnd,
  encodeZstdIndex,
  isIndexFrame,
} from './zstd-index.js';

/** Seekable zstd (docs/format-zstd.md). Its members are frames, one each. */
export const zstdFormat: MemberFormat = {
  name: 'zstd',
  suffix: '.zst',
  contentType: 'application/zstd',
  endBytes: ZSTD_END_BYTES,
  memberName: 'zstd frame',
  endName: 'the index of a seekable zstd',

  isMember: isZstd,
  headBytes: zstdHeadBytes,
  readHead: readZstdHead,
  isOurs: (head) => isIndexFrame(head) || isOurHead(head),

  encodeMember({ rawBytes }, pieces) {
    const { head, rest } = splitPieces(pieces, LARGEST_FRAME_HEADER);
    return [markFrame(head, rawBytes), ...rest];
  },
  encodeIndex: (entries) => [encodeZstdIndex(entries)],
  encodeEnd: encodeZstdEnd,

  readEnd: decodeZstdEnd,
  readIndex: decodeZstdIndex,
};

function isOurHead(head: Buffer): boolean {
  const frame = nullIfFaulty((fail) => readZstdFrame(head, fail));
  return frame !== null && frame !== undefined && isOurFrame(frame);
}
