// Makes a bucket of a fresh name on the service that the environment names, and prints the name.
import { randomBytes } from 'node:crypto';

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

const Bucket = `shoebox-ci-${randomBytes(6).toString('hex')}`;
const client = new S3Client({ endpoint: process.env.S3_ENDPOINT, forcePathStyle: true });
await client.send(new CreateBucketCommand({ Bucket }));
client.destroy();
console.log(Bucket);
