import type { ListMultipartUploadsCommandOutput, ListObjectsV2CommandOutput } from './s3-sdk.js';

/** Behind which upload a listing goes on. */
export interface UploadMarkers {
  readonly KeyMarker?: string;
  readonly UploadIdMarker?: string;
}

/** Where the page behind this one begins; undefined where there is none. */
export function nextMarkers(page: ListMultipartUploadsCommandOutput): UploadMarkers | undefined {
  const { IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
  if (!IsTruncated || KeyMarker === undefined) return undefined;
  return { KeyMarker, ...(UploadIdMarker !== undefined && { UploadIdMarker }) };
}

/**
 * A page of a listing of objects, as it is.
 *
 * @throws Error where it says that there is more, but not where: what is missing would seem not to be there
 */
export function checkPage(page: ListObjectsV2CommandOutput): ListObjectsV2CommandOutput {
  if (!page.IsTruncated || page.NextContinuationToken !== undefined) return page;
  throw Object.assign(new Error('the service says that there is more, but not where'), {
    name: 'IncompleteListing',
  });
}
