import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type TestContext, after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import { startPostgres } from '../kit/postgres.ts';

const server = await startPostgres();
after(() => server.close());

async function connect(t: TestContext, url: string, config: ClientConfig = {}): Promise<Client> {
  const client = new Client({ connectionString: url, ...config });
  client.on('error', () => {});
  await client.connect();
  t.after(() => client.end());
  return client;
}

test('databases of one server know nothing of each other, and their role is no superuser', async (t) => {
  const one = await connect(t, await server.createDatabase('one'));
  await one.query('CREATE TABLE facts (fact text)');
  const role = one.query('SELECT rolsuper FROM pg_roles WHERE rolname = current_user');
  assert.deepEqual((await role).rows, [{ rolsuper: false }]);
  const two = await connect(t, await server.createDatabase('two'));
  await assert.rejects(two.query('SELECT * FROM facts'), /does not exist/);
});

test('a database can be the copy of another', async (t) => {
  const model = new Client({ connectionString: await server.createDatabase('model') });
  await model.connect();
  await model.query('CREATE TABLE facts (fact text)');
  await model.end();
  const copy = await connect(t, await server.createDatabase('copy', 'model'));
  await copy.query(`INSERT INTO facts VALUES ('its role owns what was copied')`);
});

test('what is committed outlives the killing of the server; meanwhile connections are refused', async (t) => {
  const url = await server.createDatabase('killed');
  const before = await connect(t, url);
  await before.query(`CREATE TABLE facts AS SELECT 'committed' AS fact`);
  const cut = assert.rejects(before.query('SELECT pg_sleep(60)'));
  await server.kill();
  await cut;
  await assert.rejects(new Client({ connectionString: url }).connect(), { code: 'ECONNREFUSED' });
  await server.start();
  const again = await connect(t, url);
  assert.deepEqual((await again.query('SELECT * FROM facts')).rows, [{ fact: 'committed' }]);
});

test('a frozen server keeps its connections and answers nobody; thawed, it goes on', async (t) => {
  const client = await connect(t, server.url, { query_timeout: 50 });
  await server.freeze();
  await assert.rejects(client.query('SELECT 1'), /timeout/);
  const late = new Client({ connectionString: server.url, connectionTimeoutMillis: 50 });
  await assert.rejects(late.connect(), /timeout/);
  await server.thaw();
  const patient = await connect(t, server.url);
  assert.deepEqual((await patient.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
});

test('it is stopped in every way, and started again on its port', async () => {
  const { port } = server;
  for (const mode of ['smart', 'fast', 'immediate'] as const) await server.restart(mode);
  assert.equal(server.port, port);
  assert.match(server.log(), /smart shutdown[^]*fast shutdown[^]*immediate shutdown/);
});

test('a standby follows, and takes over with all that was replicated, at the address of the late primary', async (t) => {
  const standby = await server.createStandby();
  t.after(() => standby.close());
  const primary = await connect(t, server.url);
  await primary.query(`CREATE TABLE facts AS SELECT 'replicated' AS fact`);
  await server.replicated();
  const reader = await connect(t, standby.url);
  await assert.rejects(reader.query('DELETE FROM facts'), /read-only transaction/);
  await server.kill();
  await standby.promote(server.port);
  const client = await connect(t, server.url);
  assert.deepEqual((await client.query('DELETE FROM facts RETURNING fact')).rows, [{ fact: 'replicated' }]);
});

test('nothing remains of a server when its process is killed', { timeout: 60_000 }, async () => {
  const script = `
    const { startPostgres } = await import(${JSON.stringify(new URL('../kit/postgres.ts', import.meta.url))});
    const server = await startPostgres();
    const [row] = await server.query('SHOW data_directory');
    await server.freeze();
    console.log(JSON.stringify({ url: server.url, folder: row.data_directory }));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { url, folder } = JSON.parse(line.toString()) as { url: string; folder: string };
  assert.ok(existsSync(folder));
  child.kill('SIGKILL');
  while (existsSync(folder)) await delay(10);
  await assert.rejects(new Client({ connectionString: url }).connect(), { code: 'ECONNREFUSED' });
});
