import type { StoreSettings } from './open.ts';

/**
 * Brings the tables up to date, and does nothing else.
 * @returns the names of the migrations that were applied
 * @throws Error that says what is wrong and what to do
 */
export async function migrateStore({ driver, path, url }: StoreSettings['store']): Promise<readonly string[]> {
  switch (driver) {
    case 'memory':
      return [];
    case 'sqlite':
      return (await import('./sqlite/migrate.ts')).migrateSqlite(path);
    default:
      return (await import('./postgres/migrate.ts')).migratePostgres(url!);
  }
}
