/** A metadata key, and the path of its value in a line. */
export type MetadataPath = readonly [key: string, path: string];

/** `event=.event_type,tenant=.tenant`; a key alone, `event`, stands for `event=.event`. */
export function parseMetadataPaths(text: string): readonly MetadataPath[] {
  return text.split(',').map((part) => {
    const [, key, path] = /^([^=]+)(?:=(\..*))?$/s.exec(part) ?? [];
    if (key === undefined) throw new RangeError('expected KEY=.path such as event=.event_type');
    return [key, path ?? `.${JSON.stringify(key)}`];
  });
}
