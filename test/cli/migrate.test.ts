import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { startPostgres } from '../kit/postgres.ts';
import { scratch, start } from './kit.ts';

const folder = scratch();
let files = 0;

/** Runs `migrate` with this store. */
async function migrate(store: string): Promise<{ code: number | string; out: string; err: string }> {
  const file = join(folder, `config-${++files}.yaml`);
  writeFileSync(file, `store: ${store}\nrecipients: {}\n`);
  const run = start(['migrate', '--config', file]);
  const code = await run.ended;
  return { code, out: run.out().trim(), err: run.err().trim() };
}

describe('migrate', () => {
  test('memory has no tables', async () => {
    const { code, out } = await migrate('{driver: memory}');
    assert.deepEqual([code, out], [0, 'the store is memory: there is nothing to migrate']);
  });

  test('sqlite: applied once, in a file of mode 0600', async () => {
    const path = join(folder, 'deep/down/store.db');
    assert.equal((await migrate(`{driver: sqlite, path: ${JSON.stringify(path)}}`)).out, 'applied 0001_tables');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const again = await migrate(`{driver: sqlite, path: ${JSON.stringify(path)}}`);
    assert.deepEqual([again.code, again.out], [0, 'the tables are up to date']);
  });

  test('postgres likewise; a wrong password is told without it', async () => {
    const server = await startPostgres();
    after(() => server.close());
    assert.equal((await migrate(`{driver: postgres, url: "${server.url}"}`)).out, 'applied 0001_tables');
    assert.equal((await migrate(`{driver: postgres, url: "${server.url}"}`)).out, 'the tables are up to date');
    const wrong = new URL(server.url);
    wrong.password = 'wrong-password-1';
    const { code, err } = await migrate(`{driver: postgres, url: "${wrong.href}"}`);
    assert.equal(code, 1);
    assert.match(err, /^pushserver: store\.url: .*password authentication failed.*check user and password/);
    assert.doesNotMatch(err, /wrong-password-1/);
  });
});
