import type { DataSource } from 'typeorm';

/** A class that queries: made from the pool alone, safe to share. */
export type StoreClass = new (dataSource: DataSource) => object;

/** Every store that `DatabaseModule` provides. */
export const stores: readonly StoreClass[] = [];
