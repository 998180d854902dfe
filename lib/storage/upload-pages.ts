import type { ListMultipartUploadsCommandOutput } from './s3-sdk.js';

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
