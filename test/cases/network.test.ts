import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { SANDBOX_CERTIFICATE } from '../../src/sandbox/certificate.ts';
import { type Data, type TestApp, createTestApp } from '../kit/app.ts';
import { startHttpProxy, startSocksProxy } from '../kit/proxies.ts';
import { startTarget } from '../kit/targets.ts';

const folder = mkdtempSync(join(tmpdir(), 'pushserver-network-'));
after(() => rmSync(folder, { recursive: true }));
const ca_file = join(folder, 'ca.pem');
writeFileSync(ca_file, SANDBOX_CERTIFICATE);

/** What became of the only target. */
const resultOf = async (t: TestApp, alias = 'ops', more: Record<string, unknown> = {}): Promise<Data> =>
  (await t.deliver(alias, more)).results[0];

const SECRETS = ['pr0xy-passw0rd', 'hook-k3y-secret'];

/** Secrets of the configurations below, whole and as Basic credentials, are in nothing that people or files keep. */
async function assertSilent(t: TestApp, ...answers: unknown[]): Promise<void> {
  const kept = `${await t.logs()}${t.printed()}${JSON.stringify([await t.notices(), ...answers])}`;
  const basic = Buffer.from('ops:pr0xy-passw0rd').toString('base64');
  for (const secret of [...SECRETS, basic]) assert.ok(!kept.includes(secret), secret);
}

describe('a proxy', () => {
  const start = async (t: TestContext, credentials?: string) => {
    const target = await startTarget(t);
    return {
      target,
      proxy: await startHttpProxy(t, { dial: () => target.port, ...(credentials && { credentials }) }),
    };
  };
  const slack = (more = '') => `slack: {targets: [{url: "http://hooks.example/services/T/B/hook-k3y-secret"${more}}]}`;

  test('of the section http serves every target; a section of a platform and a target have their own, or none', async (t) => {
    const [common, section, own] = [await start(t), await start(t), await start(t)];
    const direct = await startTarget(t);
    const s = await createTestApp(`
http: {proxy: "http://127.0.0.1:${common.proxy.port}"}
slack: {proxy: "http://127.0.0.1:${section.proxy.port}"}
recipients:
  common: {platforms: {gotify: {targets: [{base_url: "http://gotify.example", token: A-token-of-gotify}]}}}
  section: {platforms: {${slack()}}}
  own: {platforms: {${slack(`, proxy: "http://127.0.0.1:${own.proxy.port}"`)}}}
  none: {platforms: {${slack(', proxy: "no"').replace('http://hooks.example', direct.url)}}}
`);
    for (const alias of ['section', 'own', 'none']) assert.equal((await resultOf(s, alias)).status, 'success', alias);
    await resultOf(s, 'common');
    assert.deepEqual(common.proxy.asked, ['CONNECT gotify.example:80']);
    assert.deepEqual(section.proxy.asked, ['CONNECT hooks.example:80']);
    assert.deepEqual(own.proxy.asked, ['CONNECT hooks.example:80']);
    assert.deepEqual(
      [section, own].map(({ target }) => target.seen.length),
      [1, 1],
    );
    assert.deepEqual(
      direct.seen.map(({ url }) => url),
      ['/services/T/B/hook-k3y-secret'],
    );
    await s.stop();
  });

  test('with credentials, by HTTP and by SOCKS; they stay with us whether they are right or wrong', async (t) => {
    const target = await startTarget(t);
    const script = { dial: () => target.port, credentials: 'ops:pr0xy-passw0rd' };
    const [http, socks] = [await startHttpProxy(t, script), await startSocksProxy(t, script)];
    const strict = await startHttpProxy(t, { dial: () => target.port, credentials: 'ops:another' });
    const s = await createTestApp(`
retry: {attempts: 1}
recipients:
  http: {platforms: {${slack(`, proxy: "http://ops:pr0xy-passw0rd@127.0.0.1:${http.port}"`)}}}
  socks: {platforms: {${slack(`, proxy: "socks5://ops:pr0xy-passw0rd@127.0.0.1:${socks.port}"`)}}}
  wrong: {platforms: {${slack(`, proxy: "http://ops:pr0xy-passw0rd@127.0.0.1:${strict.port}"`)}}}
  dead: {platforms: {${slack(`, proxy: "http://ops:pr0xy-passw0rd@127.0.0.1:1"`)}}}
`);
    const results = [];
    for (const alias of ['http', 'socks', 'wrong', 'dead']) results.push(await resultOf(s, alias));
    assert.deepEqual(
      results.map(({ status, reason, code }) => [status, reason, code]),
      [
        ['success', undefined, undefined],
        ['success', undefined, undefined],
        ['failed', 'unavailable', 'PROXY_AUTH'],
        ['failed', 'unavailable', 'ECONNREFUSED'],
      ],
    );
    assert.match(results[2].message, /代理认证失败/);
    assert.match(results[3].message, /^代理/);
    assert.deepEqual([http.credentials, socks.credentials], [['ops:pr0xy-passw0rd'], ['ops:pr0xy-passw0rd']]);
    await assertSilent(s, results);
    await s.stop();
  });

  test('serves the fetching of a token as well', async (t) => {
    let app: TestApp | undefined;
    const proxy = await startHttpProxy(t, { dial: () => Number(new URL(app!.sandbox.url).port) });
    const target = `{corp_id: ww1, agent_id: 1, corp_secret: s3cret-of-corp, base_url: "http://qy.example/wecom_app"}`;
    app = await createTestApp(
      `http: {proxy: "http://127.0.0.1:${proxy.port}"}\nrecipients: {ops: {platforms: {wecom_app: {targets: [${target}]}}}}`,
    );
    assert.equal((await resultOf(app)).status, 'success');
    assert.deepEqual([...new Set(proxy.asked)], ['CONNECT qy.example:80']);
    assert.equal(app.sandbox.requests({ platform: 'wecom_app' }), 2, 'token and message');
    await app.stop();
  });
});

describe('a certificate of one’s own authority', () => {
  test('is refused, unless the authority or the lack of one is configured', async (t) => {
    const { url } = await startTarget(t, { tls: true });
    const target = (tls: string) =>
      `{platforms: {slack: {targets: [{url: "${url}/services/T/B/hook-k3y-secret"${tls}}]}}}`;
    const s = await createTestApp(`
retry: {attempts: 1}
recipients:
  strict: ${target('')}
  known: ${target(`, tls: {ca_file: ${JSON.stringify(ca_file)}}`)}
  insecure: ${target(', tls: {insecure: true}')}
`);
    const strict = await resultOf(s, 'strict');
    assert.equal(strict.reason, 'unavailable');
    assert.match(strict.message, /证书/);
    assert.equal((await resultOf(s, 'known')).status, 'success');
    assert.equal((await resultOf(s, 'insecure')).status, 'success');
    await assertSilent(s, strict);
    await s.stop();
  });
});

describe('the address guard', () => {
  const webhook = (url: string) => `{platforms: {webhook: {targets: [{url: "${url}/in?key=hook-k3y-secret"}]}}}`;

  test('never stops the start, refuses each push once, and says how to allow the network', async (t) => {
    const { url, port, seen } = await startTarget(t);
    const s = await createTestApp(`
recipients:
  literal: ${webhook(url)}
  decimal: ${webhook(`http://2130706433:${port}`)}
  name: ${webhook(`http://localhost:${port}`)}
  mapped: ${webhook(`http://[::ffff:127.0.0.1]:${port}`)}
`);
    for (const alias of ['literal', 'decimal', 'name', 'mapped']) {
      const result = await resultOf(s, alias);
      assert.deepEqual([result.status, result.reason, result.attempts], ['failed', 'invalid', 1], alias);
      assert.match(result.remedy, /security\.allow_networks: \[cidr\]/);
      await assertSilent(s, result);
    }
    assert.equal((await s.notices()).length, 4);
    assert.match((await s.notices())[0].reason, /security\.allow_networks/);
    assert.equal(seen.length, 0);
    assert.equal(s.clock.elapsed, 0, 'no retry');
    await s.stop();
  });

  test('a reload that allows the network opens it; a redirect is not followed', async (t) => {
    const home = await startTarget(t);
    const away = await startTarget(t, {
      answer: (_request, response) => response.writeHead(302, { location: `${home.url}/elsewhere` }).end(),
    });
    const recipients = `recipients: {home: ${webhook(home.url)}, away: ${webhook(away.url)}}`;
    const s = await createTestApp(recipients);
    assert.equal((await resultOf(s, 'home')).reason, 'invalid');
    s.reload(`security: {allow_networks: ["127.0.0.0/8"]}\n${recipients}`);
    assert.equal((await resultOf(s, 'home')).status, 'success');
    const moved = await resultOf(s, 'away');
    assert.deepEqual([moved.status, moved.reason, moved.attempts], ['failed', 'invalid', 1]);
    assert.match(moved.remedy, /重定向/);
    assert.deepEqual([away.seen.length, home.seen.length], [1, 1]);
    await s.stop();
  });

  test('holds for webhook targets alone: a gateway of one’s own needs no leave', async () => {
    const s = await createTestApp(
      'recipients: {ops: {platforms: {gotify: {targets: [{base_url: "$S/gotify", token: A-token-of-gotify}]}}}}',
    );
    assert.equal((await resultOf(s)).status, 'success');
    await s.stop();
  });
});
