import type {
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';

import { quote } from '../../errors/show.js';
import type { ByteRange } from '../../files/byte-range.js';
import type { StoredObject, UnfinishedUpload } from '../contract/store.js';
import { UNEXPECTED_ANSWER } from '../contract/unexpected-answer.js';

/** How many keys a page of a listing may hold: as many as S3 gives, and the store asks for. */
export const PAGE_KEYS = 1000;

/** So many pages in a row may be empty, as after many deletions. */
const MOST_EMPTY_PAGES = 1000;

/** The size, ETag and metadata in the answer to HEAD. */
export function checkHead(answer: HeadObjectCommandOutput): Omit<StoredObject, 'key'> {
  const { ContentLength, ETag: etag, Metadata } = answer;
  checkStatus(answer, 200);
  if (!isSize(ContentLength)) throw mismatch('the answer has no valid Content-Length');
  return {
    bytes: ContentLength,
    metadata: { ...Metadata },
    ...(etag !== undefined && { etag }),
  };
}

/** The range and the object that a GET asked for. */
export interface AskedBytes {
  /** Undefined where the request had no `Range`. */
  readonly range: ByteRange | undefined;
  readonly ifMatch: string | undefined;
}

/**
 * Compares the head of an answer to GET with its request.
 *
 * @returns the length of the body; undefined where the answer does not say it
 */
export function checkGet(answer: GetObjectCommandOutput, asked: AskedBytes): number | undefined {
  const { ContentLength, ETag } = answer;
  const { ifMatch, range } = asked;
  if (ifMatch !== undefined) {
    if (ETag === undefined) throw mismatch(`asked for the object ${ifMatch}, got no ETag`);
    if (unquoted(ETag) !== unquoted(ifMatch)) {
      throw named('PreconditionFailed', `asked for the object ${ifMatch}, got ${ETag}`);
    }
  }
  if (range === undefined) {
    checkStatus(answer, 200);
    return ContentLength;
  }
  if (answer.$metadata.httpStatusCode === 200 && isWhole(range, ContentLength)) {
    return ContentLength;
  }
  return checkPartial(answer, range);
}

/** A service may ignore a range that means the whole object. */
function isWhole({ start, end = Number.POSITIVE_INFINITY }: ByteRange, bytes: number | undefined) {
  return start === 0 && bytes !== undefined && bytes <= end;
}

function checkPartial(answer: GetObjectCommandOutput, range: ByteRange): number {
  const { ContentLength, ContentRange = '' } = answer;
  const asked = `asked for bytes ${range.start} to ${range.end ?? 'the end'}`;
  const { httpStatusCode } = answer.$metadata;
  if (httpStatusCode === 200) throw mismatch(`${asked}, got the whole object (200)`);
  if (httpStatusCode !== 206) throw mismatch(`${asked}, got the status ${httpStatusCode}`);
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(ContentRange) ?? [];
  if (first === undefined || last === undefined) {
    throw mismatch(`${asked}, got the Content-Range ${quote(ContentRange)}`);
  }
  const end = Number(last) + 1;
  const objectEnd = total === '*' ? end : Number(total);
  const expectedEnd = Math.min(range.end ?? objectEnd, objectEnd);
  if (Number(first) !== range.start || end !== expectedEnd) {
    throw mismatch(`${asked}, got ${ContentRange}`);
  }
  const bytes = end - range.start;
  if (ContentLength !== undefined && ContentLength !== bytes) {
    throw mismatch(`${asked}, got ${ContentRange} with a body of ${ContentLength} bytes`);
  }
  return bytes;
}

/** An object in a page of a listing. */
interface ListedKey {
  /** With the store's prefix. */
  readonly key: string;
  readonly bytes: number;
  readonly etag: string | undefined;
}

/** A page of a listing of objects. */
export interface ObjectPage {
  readonly keys: readonly ListedKey[];
  readonly next: string | undefined;
}

/** A page of a listing of uploads. */
export interface UploadPage {
  /** Their keys have the store's prefix. */
  readonly uploads: readonly UnfinishedUpload[];
  readonly next: UploadMarkers | undefined;
}

/** Checks the pages of one listing. */
export class ListingCheck {
  readonly #prefix: string;
  readonly #seen = new Set<string>();
  #emptyPages = 0;

  /** @param prefix that was asked for, with the store's own */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The objects of a page, and the token of the next one; undefined for the last page. */
  objects(page: ListObjectsV2CommandOutput): ObjectPage {
    const { Contents = [], IsTruncated, NextContinuationToken: next } = page;
    this.#check(page, IsTruncated, Contents.length);
    const keys = Contents.map(({ ETag, Key, Size }) => {
      const key = this.#keyOf(Key);
      if (!isSize(Size)) throw mismatch(`it lists ${quote(key)} without a valid size`);
      return { key, bytes: Size, etag: ETag };
    });
    return { keys, next: IsTruncated ? this.#next(next) : undefined };
  }

  /** The uploads of a page, and the markers of the next one; undefined for the last page. */
  uploads(page: ListMultipartUploadsCommandOutput): UploadPage {
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker, Uploads = [] } = page;
    this.#check(page, IsTruncated, Uploads.length);
    const uploads = Uploads.map(({ Key, UploadId, Initiated }) => {
      const key = this.#keyOf(Key);
      if (UploadId === undefined || UploadId === '' || Initiated === undefined) {
        throw mismatch(`it lists an upload of ${quote(key)} without an id or a time`);
      }
      return { key, uploadId: UploadId, startedAt: Initiated };
    });
    if (!IsTruncated) return { uploads, next: undefined };
    const KeyMarker = NextKeyMarker ?? '';
    this.#next(KeyMarker === '' ? undefined : `${KeyMarker}\n${NextUploadIdMarker ?? ''}`);
    const after = NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker };
    return { uploads, next: { KeyMarker, ...after } };
  }

  #check(page: AnswerHead, isTruncated: boolean | undefined, entries: number): void {
    checkStatus(page, 200);
    // Any other document would seem to be a listing of nothing.
    if (isTruncated === undefined) throw mismatch('the answer is not a listing');
    if (entries > PAGE_KEYS) {
      throw mismatch(`asked for ${PAGE_KEYS} keys, got ${entries}`);
    }
    this.#emptyPages = entries === 0 ? this.#emptyPages + 1 : 0;
    if (this.#emptyPages > MOST_EMPTY_PAGES) {
      throw mismatch(`the listing has more than ${MOST_EMPTY_PAGES} empty pages in a row`);
    }
  }

  #keyOf(key: string | undefined): string {
    if (key === undefined || key === '') throw mismatch('it lists an object without a key');
    if (key.startsWith(this.#prefix)) return key;
    throw mismatch(`asked for keys that begin with ${quote(this.#prefix)}, got ${quote(key)}`);
  }

  /** A listing that goes back to a page never ends. */
  #next(token: string | undefined): string {
    if (token === undefined || token === '') {
      throw named('IncompleteListing', 'the service says that there is more, but not where');
    }
    if (this.#seen.has(token)) throw mismatch('the listing goes back to an earlier page');
    this.#seen.add(token);
    return token;
  }
}

/** The upload after which the next page of a listing starts. */
export interface UploadMarkers {
  readonly KeyMarker?: string;
  readonly UploadIdMarker?: string;
}

/** An answer's id of the upload that was created. */
export function checkUploadId({ UploadId }: { readonly UploadId?: string | undefined }): string {
  if (UploadId === undefined || UploadId === '') throw mismatch('the answer has no upload id');
  return UploadId;
}

/** The error for an answer that does not match its request. */
export function mismatch(problem: string): Error {
  return named(UNEXPECTED_ANSWER, problem);
}

interface AnswerHead {
  readonly $metadata: { readonly httpStatusCode?: number | undefined };
}

function checkStatus({ $metadata }: AnswerHead, expected: number): void {
  const { httpStatusCode } = $metadata;
  if (httpStatusCode === expected) return;
  throw mismatch(`expected the status ${expected}, got ${httpStatusCode}`);
}

function isSize(bytes: number | undefined): bytes is number {
  return Number.isSafeInteger(bytes) && Number(bytes) >= 0;
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
