import { MEBIBYTES, type Suite } from '../suite.js';

export const gzipSuite: Suite = {
  name: 'gzip',
  tables: [
    {
      title: 'Compress an archive',
      input: 'corpus',
      rows: [
        { name: 'gzipShoebox', title: 'SeekableGzip, level 6' },
        { name: 'gzipLimit', title: 'zlib.createGzip, level 6' },
      ],
      value: MEBIBYTES,
      targets: [
        {
          what: 'gzip on two cores: x one createGzip at the same level',
          of: 'gzipShoebox',
          over: 'gzipLimit',
          by: 'speed',
          least: 1.7,
        },
      ],
    },
    {
      title: 'Read a gzipped archive',
      input: 'corpus',
      rows: [
        { name: 'gunzipShoebox', title: 'createArchiveReader, data events' },
        { name: 'gunzipLimit', title: 'zlib.createGunzip, bytes only' },
      ],
      targets: [
        {
          what: 'read of gz on two cores: x createGunzip alone on the same bytes',
          of: 'gunzipShoebox',
          over: 'gunzipLimit',
          by: 'speed',
          least: 1.2,
        },
      ],
    },
  ],
};
