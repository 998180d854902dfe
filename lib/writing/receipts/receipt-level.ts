/** How safe a record is. Each level includes those before it. */
export type ReceiptLevel = 'written' | 'synced' | 'sealed' | 'shipped';

export const RECEIPT_LEVELS: readonly ReceiptLevel[] = ['written', 'synced', 'sealed', 'shipped'];
