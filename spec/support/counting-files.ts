import { type FileLayer, nodeFileLayer, type OpenFile } from '../../lib/files/file-layer.js';
import { withFile } from './with-file.js';

/** The file system. Counts open files. */
export class CountingFiles {
  readonly layer: FileLayer;
  /** All opened paths, in order. */
  readonly opened: string[] = [];
  /** All listed directories, in order. */
  readonly listed: string[] = [];
  open = 0;
  mostOpen = 0;

  /** @param replace as for `withFile`, but without `close` */
  constructor(replace: (file: OpenFile) => Partial<OpenFile> = () => ({})) {
    const counted = withFile((file) => ({
      ...replace(file),
      close: async () => {
        await file.close();
        this.open--;
      },
    }));
    this.layer = {
      ...counted,
      open: async (path, mode) => {
        const file = await counted.open(path, mode);
        this.opened.push(path);
        this.open++;
        this.mostOpen = Math.max(this.mostOpen, this.open);
        return file;
      },
      readdir: (path) => {
        this.listed.push(path);
        return nodeFileLayer.readdir(path);
      },
    };
  }
}
