import { environment, loadConfig } from '../config.ts';
import { loadCatalogue } from '../config/channels.ts';
import { readText } from '../config/file.ts';
import { migrateStore } from '../store/migrate.ts';
import { say } from './say.ts';

/**
 * Brings the tables of the store up to date, as every start does: for those who let nobody but a person change a database.
 * @param file path of the configuration
 * @throws ConfigError; Error that says what is wrong with the store and what to do
 */
export async function migrate(file: string): Promise<void> {
  const { channels } = await loadCatalogue(readText(file), { file, env: environment() });
  const { store } = loadConfig({ file, env: environment(), channels });
  if (store.driver === 'memory') return say('the store is memory: there is nothing to migrate');
  const applied = await migrateStore(store);
  say(...(applied.length === 0 ? ['the tables are up to date'] : applied.map((name) => `applied ${name}`)));
}
