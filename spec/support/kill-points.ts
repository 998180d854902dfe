/** The moments of a shipment at which a process can be killed, in their order. */
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

/** A template for names that no other writer gives. */
export const KILL_TEMPLATE = 'x_[[WRITER]]-[[SEQUENCE]].events';
