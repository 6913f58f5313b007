import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createTestClock } from '../kit/clock.ts';
import { startHttp } from './kit.ts';
import { rawExchange } from './raw.ts';
import { taskOf, VALID } from './samples.ts';

function socketPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'http.sock');
}

describe('TCP', () => {
  test('port 0 is named once it is taken', async (t) => {
    const { url, port } = await startHttp(t);
    assert.ok(port > 0);
    assert.equal(url, `http://127.0.0.1:${port}`);
  });

  test('a port that is taken is an error', async (t) => {
    const { port } = await startHttp(t);
    await assert.rejects(startHttp(t, { server: { port } }), { code: 'EADDRINUSE' });
  });

  test('IPv6', async (t) => {
    const url = await startHttp(t, { server: { host: '::1' } }).then(
      (rig) => rig.url.replace(String(rig.port), 'port'),
      // A machine without IPv6 says so.
      (error: NodeJS.ErrnoException) =>
        /^E(ADDRNOTAVAIL|AFNOSUPPORT)$/.test(error.code ?? '') ? 'http://[::1]:port' : error,
    );
    assert.equal(url, 'http://[::1]:port');
  });

  test('an address that is all addresses is named by one of them', async (t) => {
    const { url, port } = await startHttp(t, { server: { host: '0.0.0.0' } });
    assert.equal(url, `http://127.0.0.1:${port}`);
  });
});

describe('a unix socket', () => {
  test('has mode 0660, takes any Host, and is removed at the end', async (t) => {
    const path = socketPath(t);
    const { ask, http, url, seen } = await startHttp(t, { server: { unix_socket: path } });
    assert.equal(url, `unix:${path}`);
    assert.equal(statSync(path).mode & 0o777, 0o660);
    const { status } = await ask('POST', '/api/v1/push', { body: VALID, headers: { Host: 'anything' } });
    assert.equal(status, 200);
    assert.equal(seen.requested[0]!.ip, 'unix');
    await http.close();
    assert.ok(!existsSync(path));
  });

  test('does not replace a file that is none', async (t) => {
    const path = socketPath(t);
    writeFileSync(path, 'precious');
    await assert.rejects(startHttp(t, { server: { unix_socket: path } }), /is not a socket/);
    assert.ok(existsSync(path));
  });

  test('does not replace one that somebody listens on', async (t) => {
    const path = socketPath(t);
    const { ask } = await startHttp(t, { server: { unix_socket: path } });
    await assert.rejects(startHttp(t, { server: { unix_socket: path } }), /another process is listening/);
    assert.equal((await ask('GET', '/health')).status, 200);
  });

  test('replaces one that its owner left behind', async (t) => {
    const path = socketPath(t);
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    assert.ok(statSync(path).isSocket());
    const { ask } = await startHttp(t, { server: { unix_socket: path } });
    assert.equal((await ask('GET', '/health')).status, 200);
  });

  test('in a folder that is not there is an error', async (t) => {
    const path = join(socketPath(t), 'none', 'http.sock');
    await assert.rejects(startHttp(t, { server: { unix_socket: path } }));
  });
});

describe('close', () => {
  test('refuses new connections and ends idle ones', async (t) => {
    const { http, port, ask } = await startHttp(t);
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    await ask('GET', '/health', { agent });
    const silent = connect({ port, host: '127.0.0.1' });
    await once(silent, 'connect');
    await ask('GET', '/health', { agent });
    const gone = once(silent.resume(), 'close');
    await http.close();
    await gone;
    await assert.rejects(rawExchange(port, 'GET /health HTTP/1.1\r\n\r\n'), { code: 'ECONNREFUSED' });
  });

  test('lets a request in flight finish', async (t) => {
    let finish = () => {};
    let began = () => {};
    const begun = new Promise<void>((resolve) => (began = resolve));
    const wait = () =>
      new Promise<ReturnType<typeof taskOf>>((resolve) => ((finish = () => resolve(taskOf())), began()));
    const { http, ask } = await startHttp(t, { service: { wait } });
    const answer = ask('GET', '/api/v1/task/x');
    await begun;
    const closed = http.close();
    finish();
    const { status, headers } = await answer;
    assert.equal(status, 200);
    assert.equal(headers['connection'], 'close');
    await closed;
  });

  test('cuts off what does not finish in time', async (t) => {
    const clock = createTestClock();
    let began = () => {};
    const begun = new Promise<void>((resolve) => (began = resolve));
    const wait = () => (began(), new Promise<never>(() => {}));
    const { http, ask } = await startHttp(t, { clock, service: { wait } });
    const answer = assert.rejects(ask('GET', '/api/v1/task/x'));
    await begun;
    const closed = http.close();
    await clock.advance(10_000);
    await Promise.all([closed, answer]);
  });

  test('twice is as good as once', async (t) => {
    const { http } = await startHttp(t);
    await Promise.all([http.close(), http.close()]);
  });
});
