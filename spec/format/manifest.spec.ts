import { expect } from 'chai';

import {
  decodeManifest,
  encodeManifest,
  isManifestFile,
  type Manifest,
  parseManifestFileName,
} from '../../lib/format/manifest.js';

const MANIFEST: Manifest = {
  ...{ name: 'a', number: 1, partition: 'dt=2026-11-30', previous: null },
  objects: [
    {
      ...{ name: 'x.gz', bytes: 1, records: 1, firstTime: null, lastTime: null },
      sha256: 'ab'.repeat(32),
    },
  ],
};

describe('a manifest', () => {
  it('is decoded as it was encoded', () => {
    expect(decodeManifest(encodeManifest(MANIFEST))).to.deep.equal(MANIFEST);
  });

  it('is refused with the first fault', () => {
    const json = JSON.parse(encodeManifest(MANIFEST).toString());
    const faults: [unknown, string][] = [
      ['text', 'is no object'],
      [{ ...json, version: 2 }, 'has version 2, expected 1'],
      [{ ...json, name: '' }, 'has no name'],
      [{ ...json, number: 0 }, 'has no number'],
      [{ ...json, partition: undefined }, 'has no partition'],
      [{ ...json, previous: 'x' }, 'has a wrong digest of the one before'],
      [{ ...json, objects: [{}] }, 'has wrong objects'],
      [{ ...json, objects: [{ ...json.objects[0], bytes: -1 }] }, 'has wrong objects'],
    ];
    for (const [value, fault] of faults) {
      expect(decodeManifest(Buffer.from(JSON.stringify(value)))).to.equal(fault);
    }
    expect(decodeManifest(Buffer.from([0xff]))).to.equal('is no JSON');
  });

  it('has a name that no archive may have', () => {
    expect(parseManifestFileName('manifest-a-b-12.json')).to.deep.equal({
      name: 'a-b',
      number: 12,
    });
    for (const name of ['manifest-a-0.json', 'manifest-1.json', 'manifest-a-1.json.gz']) {
      expect(parseManifestFileName(name), name).to.equal(null);
      expect(isManifestFile(name), name).to.equal(false);
    }
    for (const name of ['manifest-a-1.json', 'manifest-a-1.json.sig', '_SUCCESS']) {
      expect(isManifestFile(name), name).to.equal(true);
    }
  });
});
