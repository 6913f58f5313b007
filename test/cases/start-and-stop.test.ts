import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { loadChannels } from '../../src/channel/registry.ts';
import { parseConfig } from '../../src/config.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

test('11 SIGTERM with 100 queued: all delivered or all noticed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-stop-'));
  const sandbox = await createSandbox();
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `
server: {port: 0, shutdown_timeout: 1}
log: {file_path: ${join(folder, 'log/app.log')}}
digest: {enabled: false}
system: {notifications: [{type: file}]}
recipients:
  ops: {platforms: {wechat: {webhooks: [{url: "${sandbox.url}/cgi-bin/webhook/send?key=k1"}]}}}
`,
  );
  const server = spawn(process.execPath, [MAIN, 'serve', '--config', file], { cwd: folder });
  try {
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)![0];
    const batch = Array.from({ length: 100 }, (_, i) => ({
      recipient_alias: 'ops',
      type: i % 2 ? 'error' : 'info',
      content: { title: `t${i}`, msg: 'm' },
    }));
    const reply = await fetch(`${url}/api/v1/push/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch),
    });
    const { data } = (await reply.json()) as { data: { code: number }[] };
    assert.ok(data.every((entry) => entry.code === 200));
    server.kill('SIGTERM');
    const [code] = (await once(server, 'exit')) as [number];
    assert.equal(code, 0);
    const noticed = readdirSync(join(folder, 'notifications')).length;
    const delivered = sandbox.messages().length;
    assert.equal(delivered + noticed, 100);
    assert.ok(delivered > 0 && noticed > 0, `${delivered} delivered, ${noticed} noticed`);
  } finally {
    server.kill('SIGKILL');
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('20 zero, negative and missing config values give a readable error', async () => {
  const channels = await loadChannels();
  const bad = `
server:
  prot: 8080
queue:
  worker_count: 0
  timeout: -5
  buffer_size: many
recipients:
  ops:
    platforms:
      feishu:
        webhooks:
          - secret: abc
`;
  assert.throws(
    () => parseConfig(bad, { file: 'config/config.yaml', env: {}, channels }),
    (error: Error) => {
      const lines = error.message.split('\n').filter((line) => line.includes('config/config.yaml:'));
      assert.match(lines[0]!, /config\.yaml:3 .*server\.prot.*port/);
      assert.match(lines[1]!, /config\.yaml:5 .*queue\.worker_count.*1.*0/);
      assert.match(lines[2]!, /config\.yaml:6 .*queue\.timeout/);
      assert.match(lines[3]!, /config\.yaml:7 .*queue\.buffer_size.*many/);
      assert.match(lines[4]!, /config\.yaml:13 .*url/);
      assert.equal(lines.length, 5);
      return true;
    },
  );
});
