/** The operations of S3, under their names in its documentation. */
export type S3Operation =
  | 'PutObject'
  | 'UploadPart'
  | 'CreateMultipartUpload'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'HeadObject'
  | 'GetObject'
  | 'DeleteObject'
  | 'ListObjectsV2'
  | 'ListMultipartUploads'
  | 'HeadBucket'
  | 'other';

/** The operation and the key of a request that has the bucket in its path. */
export function s3OperationOf(
  method: string,
  url: string,
): { operation: S3Operation; key: string; query: URLSearchParams } {
  const { pathname, searchParams: query } = new URL(url, 'http://host');
  const [, key = ''] = /^\/[^/]*\/(.*)$/s.exec(pathname) ?? [];
  const ofUpload = query.has('uploadId') ? ' of upload' : '';
  const question = query.has('uploads') ? ' uploads' : ofUpload;
  const target = key === '' ? 'bucket' : 'key';
  const operation = OPERATIONS[`${method} ${target}${question}`] ?? 'other';
  return { operation, key: decodeURIComponent(key), query };
}

const OPERATIONS: Readonly<Record<string, S3Operation>> = {
  'PUT key': 'PutObject',
  'PUT key of upload': 'UploadPart',
  'POST key uploads': 'CreateMultipartUpload',
  'POST key of upload': 'CompleteMultipartUpload',
  'DELETE key of upload': 'AbortMultipartUpload',
  'DELETE key': 'DeleteObject',
  'HEAD key': 'HeadObject',
  'HEAD bucket': 'HeadBucket',
  'GET key': 'GetObject',
  'GET bucket': 'ListObjectsV2',
  'GET bucket uploads': 'ListMultipartUploads',
};
