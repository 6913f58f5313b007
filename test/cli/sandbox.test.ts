import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { run, start } from './kit.ts';

describe('sandbox', () => {
  test('prints its addresses and stays up until a signal', async () => {
    const sandbox = start(['sandbox', '--port', '0', '--smtp-port', '0']);
    await sandbox.until(/Ctrl-C ends it/);
    const [, url = ''] = /Inbox +(http:\/\/127\.0\.0\.1:\d+)\//.exec(sandbox.out())!;
    const info = (await (await fetch(`${url}/_sandbox/info`)).json()) as { url: string; smtp_port: number };
    assert.equal(info.url, url);
    assert.match(sandbox.out(), new RegExp(`SMTP +127\\.0\\.0\\.1:${info.smtp_port} `));
    for (const path of ['/services/…', '/webhook/NAME', '/PLATFORM'])
      assert.ok(sandbox.out().includes(url + path), path);
    sandbox.process.kill('SIGTERM');
    assert.equal(await sandbox.ended, 0);
  });

  test('a taken port is one line that names the option', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = String((other.address() as AddressInfo).port);
    const [http, smtp] = await Promise.all([
      run(['sandbox', '--port', port, '--smtp-port', '0']),
      run(['sandbox', '--port', '0', '--smtp-port', port]),
    ]);
    other.close();
    assert.deepEqual([http.code, smtp.code], [1, 1]);
    assert.match(http.err, /^pushserver: port \d+ is taken; set --port \(0 = any\) .*\n$/);
    assert.match(smtp.err, /^pushserver: port \d+ is taken; set --smtp-port \(0 = any\) .*\n$/);
  });
});
