/** Instants of a shipment that a process can be killed at, in their order. */
export const KILL_POINTS = [
  'sealed',
  'upload created',
  'upload noted',
  'amid the parts',
  'stored',
  'verified',
  'file deleted',
] as const;

export type KillPoint = (typeof KILL_POINTS)[number];

/** No other writer gives these names. */
export const KILL_TEMPLATE = 'x_[[WRITER]]-[[SEQUENCE]].events';
