import { sqliteDialect } from '../sql/dialect.ts';
import { migrate } from '../sql/migrations.ts';
import { openDatabase } from './database.ts';
import { prepareFile, wordsOf } from './file.ts';

/** @throws Error that says what is wrong with the file and what to do */
export async function migrateSqlite(path: string): Promise<readonly string[]> {
  try {
    prepareFile(path);
    const db = openDatabase({ path });
    const applied = await migrate(db, sqliteDialect);
    await db.destroy();
    return applied;
  } catch (error) {
    throw new Error(wordsOf(error, path), { cause: error });
  }
}
