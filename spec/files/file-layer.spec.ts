import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { rejection } from '../support/store-tools.js';

describe('nodeFileLayer', () => {
  it('escapes the names that its errors quote, as other processes may have chosen them', async () => {
    const path = '/none/a\n\u001b[2J\u202eb';
    for (const call of [
      nodeFileLayer.open(path, 'r'),
      nodeFileLayer.open(path, 'rl'),
      nodeFileLayer.open(path, 'wx'),
      nodeFileLayer.stat(path),
      nodeFileLayer.lstat(path),
      nodeFileLayer.readdir(path),
      nodeFileLayer.link(path, path),
      nodeFileLayer.rename(path, path),
      nodeFileLayer.unlink(path),
      nodeFileLayer.syncDirectory(path),
    ]) {
      const error = await rejection(call);
      expect(error).to.include({ code: 'ENOENT', path });
      expect(error).to.have.property('message').that.includes('/none/a\\n\\u001b[2J\\u202eb');
    }
  });
});
