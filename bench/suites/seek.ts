import { MEBIBYTES, type Suite, type ValueKind } from '../suite.js';

const REQUESTS: ValueKind = { title: 'requests', perUnit: 1 };

function objectRows<Value extends 'Bytes' | 'Requests' | 'Memory'>(value: Value) {
  return [
    { name: `seekTime${value}`, title: 'from and to, 1 %' },
    { name: `seekCachedTime${value}`, title: 'from and to, 1 %, indexCache' },
    { name: `seekMetadata${value}`, title: 'where, 1 %' },
    { name: `seekCachedMetadata${value}`, title: 'where, 1 %, indexCache' },
    { name: `seekCursor${value}`, title: 'after a cursor, 1 %' },
    { name: `seekAll${value}`, title: 'everything' },
  ] as const;
}

/** Of 200 objects, gzip, of a series of 1 GiB. */
const OBJECTS = { input: 'corpus', processes: 'fresh', isLong: true, mostRounds: 1 } as const;

export const seekSuite: Suite = {
  name: 'seek',
  tables: [
    {
      title: 'Seek: the records of 1 % of the time of a 1 GiB archive',
      input: 'corpus',
      rows: [
        { name: 'seekFile', title: 'createArchiveReader, from and to, a file' },
        { name: 'seekWholeFile', title: 'the whole file' },
        { name: 'seekStore', title: 'createArchiveReader, from and to, gzip in a store' },
        { name: 'seekWholeStore', title: 'the whole object' },
      ],
      processes: 'fresh',
      value: MEBIBYTES,
      targets: [
        {
          what: 'seek: bytes read of a local file, x all of its bytes',
          of: 'seekFile',
          over: 'seekWholeFile',
          by: 'value',
          most: 0.02,
        },
        {
          what: 'seek: bytes got of an object by ranged GETs, x all of its bytes',
          of: 'seekStore',
          over: 'seekWholeStore',
          by: 'value',
          most: 0.02,
        },
      ],
      isLong: true,
      mostRounds: 1,
    },
    {
      ...OBJECTS,
      title: 'Seek: MiB got from 200 objects of 1 GiB before compression',
      rows: objectRows('Bytes'),
      value: MEBIBYTES,
      targets: [
        {
          what: 'seek: bytes got for a value in 1 % of 200 objects, x all bytes',
          of: 'seekMetadataBytes',
          over: 'seekAllBytes',
          by: 'value',
          most: 0.05,
        },
        {
          what: 'seek: the same, with an index cache',
          of: 'seekCachedMetadataBytes',
          over: 'seekAllBytes',
          by: 'value',
          most: 0.03,
        },
        {
          what: 'seek: bytes got for 1 % of the time of 200 objects with an index cache, x all bytes',
          of: 'seekCachedTimeBytes',
          over: 'seekAllBytes',
          by: 'value',
          most: 0.03,
        },
      ],
    },
    {
      ...OBJECTS,
      title: 'Seek: requests for the same 200 objects',
      rows: objectRows('Requests'),
      value: REQUESTS,
      targets: [
        {
          what: 'seek: requests for 1 % of the time of 200 objects with an index cache',
          of: 'seekCachedTimeRequests',
          by: 'value',
          most: 6,
        },
      ],
    },
    {
      ...OBJECTS,
      title: 'Seek: largest resident set, in MiB, for the same 200 objects',
      rows: objectRows('Memory'),
      value: MEBIBYTES,
      targets: [
        {
          what: 'seek: MiB of memory for a value in 1 % of 200 objects',
          of: 'seekMetadataMemory',
          by: 'value',
          most: 200,
        },
      ],
    },
  ],
};
