/** How safe a record is, each level including those before it. */
export type ReceiptLevel = 'written' | 'synced' | 'sealed' | 'shipped';
