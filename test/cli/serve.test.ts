import assert from 'node:assert/strict';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { launch, ROOT, run, scratch, start, writeConfig } from './kit.ts';

const folder = scratch();
const sandbox = await createSandbox();
after(() => sandbox.close());

const yaml = (more = '') => `
server: {port: 0}
log: {output: stdout, format: text}
system: {notifications: [{type: console}]}
recipients:
  ops: {platforms: {feishu: {webhooks: [{name: f1, url: "${sandbox.url}/open-apis/bot/v2/hook/serve-f1"}]}}}
${more}`;

const LISTENS = /PushServer listens on (http:\/\/127\.0\.0\.1:\d+) /;
const POST = { method: 'POST', headers: { 'content-type': 'application/json' } };

describe('serve', () => {
  test('answers, reloads on SIGHUP, and at SIGTERM finishes what is in hand', async () => {
    const file = writeConfig(folder, yaml());
    const server = start(['serve', '--config', file], { cwd: folder });
    const [, url] = await server.until(LISTENS);
    const health = (await (await fetch(`${url}/health`)).json()) as { status: string };
    assert.equal(health.status, 'ok');

    // Swapped in one step, so that the watcher can read nothing half written.
    renameSync(writeConfig(folder, yaml('  more: {}\n'), 'next.yaml'), file);
    server.process.kill('SIGHUP');
    await server.until(/configuration reloaded/);
    const recipients = await (await fetch(`${url}/api/v1/recipients`)).text();
    assert.match(recipients, /"more"/);

    // The platform has the message and keeps its answer back: the push is in hand when the signal comes.
    sandbox.fault({ platform: 'feishu', token: 'serve-f1', fault: 'slow:300' });
    const arrived = new Promise<void>((resolve) => void sandbox.subscribe(() => resolve()));
    const push = { recipient_alias: 'ops', content: { title: '标题', msg: '内容' } };
    assert.equal((await fetch(`${url}/api/v1/push`, { ...POST, body: JSON.stringify(push) })).status, 200);
    await arrived;
    server.process.kill('SIGTERM');
    await server.until(/PushServer stops/);
    // npm forwards the signal a second time.
    server.process.kill('SIGTERM');
    assert.equal(await server.ended, 0);
    assert.match(server.out(), /attempt.*result=ok[\s\S]*PushServer has stopped/);
    assert.doesNotMatch(server.out(), /系统通知/);
    assert.equal(server.err(), '');
  });

  test('npm start hands the file and the signal on', async () => {
    const file = writeConfig(folder, yaml(), 'npm.yaml');
    const npm = launch('npm', ['start', '--', '--config', file], { cwd: ROOT });
    const [, url] = await npm.until(LISTENS);
    assert.equal((await fetch(`${url}/health`)).status, 200);
    npm.process.kill('SIGTERM');
    await npm.until(/PushServer has stopped/);
    await npm.ended;
  });

  for (const [path, words] of [
    [
      '/no/such/folder/http.sock',
      'the folder of /no/such/folder/http.sock is missing, or this user may not write to it',
    ],
    [`/${'s'.repeat(200)}`, 'is too long for a socket'],
  ] as const)
    test(`a socket that cannot be had is one line: ${words}`, async () => {
      const file = writeConfig(folder, yaml(), 'socket.yaml');
      const { code, out, err } = await run(['serve', '--config', file], {
        env: { PUSHSERVER_SERVER__UNIX_SOCKET: path },
      });
      assert.equal(code, 1);
      assert.equal(out, '');
      assert.match(err, /^pushserver: server\.unix_socket: [^\n]+\n$/);
      assert.ok(err.includes(words), err);
    });

  test('a taken port is one line that names the setting', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const file = writeConfig(folder, yaml(), 'taken.yaml');
    const { code, out, err } = await run(['serve', '--config', file], {
      env: { PUSHSERVER_SERVER__PORT: String(port) },
    });
    other.close();
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.equal(
      err,
      `pushserver: port ${port} is taken; set server.port in ${join(folder, 'taken.yaml')} or stop the program that has it\n`,
    );
  });
});
