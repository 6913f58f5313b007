import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { after, describe, test, type TestContext } from 'node:test';
import { SendError } from '../../src/channel/channel.ts';
import { type Route, createHttp } from '../../src/delivery/http-client.ts';
import { proxyOf } from '../../src/delivery/proxy.ts';
import { SANDBOX_CERTIFICATE } from '../../src/sandbox/certificate.ts';
import { watchDials } from '../kit/dials.ts';
import { type ProxyScript, startHttpProxy, startSocksProxy } from '../kit/proxies.ts';
import { listen, startTarget } from '../kit/targets.ts';

const folder = mkdtempSync(join(tmpdir(), 'pushserver-proxy-'));
after(() => rmSync(folder, { recursive: true }));
const ca_file = join(folder, 'ca.pem');
writeFileSync(ca_file, SANDBOX_CERTIFICATE);
const tls = { ca_file };

/** The kinds of proxy: how one is started, and the scheme of its URL. */
const KINDS = [
  ['http', (t: TestContext, script: ProxyScript) => startHttpProxy(t, script)],
  ['https', (t: TestContext, script: ProxyScript) => startHttpProxy(t, script, true)],
  ['socks5', startSocksProxy],
  ['socks5h', startSocksProxy],
] as const;

/** Posts `hello` by this route, and tells how often it was said to be on its way. */
function poster(t: TestContext) {
  const http = createHttp({ lookup: () => Promise.reject(new Error('not to be looked up')) });
  t.after(() => http.close());
  let sent = 0;
  return {
    post: (url: string, route: Route) =>
      http.request({ method: 'POST', url, body: 'hello' }, new AbortController().signal, () => sent++, route),
    sent: () => sent,
  };
}

const faultOf = async (reply: Promise<unknown>) => {
  const error = await reply.catch((caught: unknown) => caught);
  assert.ok(error instanceof SendError, String(error));
  assert.doesNotMatch(`${error.stack}`, /s3cret|example\.com|127\.0\.0\.1/);
  return error;
};

for (const [scheme, start] of KINDS) {
  describe(`${scheme} proxy`, () => {
    const asking = (authority: string) => (scheme.startsWith('http') ? `CONNECT ${authority}` : `3 ${authority}`);

    test('an http target', async (t) => {
      const target = await startTarget(t);
      const dials = watchDials(t);
      const proxy = await start(t, { dial: () => target.port });
      const { post, sent } = poster(t);
      const network = { proxy: `${scheme}://127.0.0.1:${proxy.port}`, tls };
      assert.equal((await post('http://bot.example.com/hook?key=1', { network })).body, 'ok');
      await immediate();
      assert.equal((await post('http://bot.example.com/', { network })).body, 'ok');
      assert.deepEqual(proxy.asked, [asking('bot.example.com:80')], 'the tunnel is used again');
      const [first] = target.seen;
      assert.deepEqual(
        [first!.method, first!.url, first!.headers.host, first!.body],
        ['POST', '/hook?key=1', 'bot.example.com', 'hello'],
      );
      assert.equal(dials.filter((dial) => dial.endsWith(`:${target.port}`)).length, 1, 'that of the proxy');
      assert.equal(sent(), 2);
    });

    test('an https target: Host, SNI and the check of the certificate keep the name', async (t) => {
      const target = await startTarget(t, { tls: true });
      const proxy = await start(t, { dial: () => target.port });
      const { post, sent } = poster(t);
      const network = { proxy: `${scheme}://127.0.0.1:${proxy.port}`, tls };
      assert.equal((await post('https://localhost/', { network })).body, 'ok');
      assert.deepEqual(proxy.asked, [asking('localhost:443')]);
      assert.deepEqual([target.seen[0]!.headers.host, target.seen[0]!.sni], ['localhost', 'localhost']);

      const wrong = await faultOf(post('https://bot.example.com/', { network }));
      assert.deepEqual([wrong.message, wrong.sent, sent()], ['TLS 证书错误', false, 1]);
    });

    test('a guarded https target: the vetted address outside, the name inside', async (t) => {
      const target = await startTarget(t, { tls: true });
      const proxy = await start(t, { dial: () => target.port });
      const { post } = poster(t);
      const route = {
        network: { proxy: `${scheme}://127.0.0.1:${proxy.port}`, tls },
        guard: { allow: ['127.0.0.0/8'] },
      };
      assert.equal((await post('https://localhost.:8443/', route)).body, 'ok');
      assert.deepEqual(proxy.asked, [scheme.startsWith('http') ? 'CONNECT 127.0.0.1:8443' : '1 127.0.0.1:8443']);
      assert.deepEqual([target.seen[0]!.headers.host, target.seen[0]!.sni], ['localhost.:8443', 'localhost']);
    });

    test('user name and password, percent-encoded in the URL', async (t) => {
      const target = await startTarget(t);
      const proxy = await start(t, { credentials: 'bob@corp:p:ä/s3cret', dial: () => target.port });
      const { post } = poster(t);
      const proxyUrl = `${scheme}://bob%40corp:p%3A%C3%A4%2Fs3cret@127.0.0.1:${proxy.port}`;
      assert.equal((await post('http://bot.example.com/', { network: { proxy: proxyUrl, tls } })).body, 'ok');
      assert.deepEqual(proxy.credentials, ['bob@corp:p:ä/s3cret']);
      assert.equal(target.seen[0]!.headers['proxy-authorization'], undefined);
    });

    test('wrong credentials, or none', async (t) => {
      const proxy = await start(t, { credentials: 'bob:s3cret', dial: () => 0 });
      const { post, sent } = poster(t);
      for (const userinfo of ['bob:s3cret2@', 'bob@', '']) {
        const network = { proxy: `${scheme}://${userinfo}127.0.0.1:${proxy.port}`, tls };
        for (const url of ['http://bot.example.com/', 'https://bot.example.com/']) {
          const error = await faultOf(post(url, { network }));
          assert.deepEqual([error.code, error.sent], ['PROXY_AUTH', false]);
          assert.match(error.message, /代理认证失败/);
        }
      }
      assert.equal(sent(), 0);
    });

    test('a proxy that is not there', async (t) => {
      const { post, sent } = poster(t);
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      server.close();
      await once(server, 'close');
      const network = { proxy: `${scheme}://127.0.0.1:${port}` };
      const error = await faultOf(post('http://bot.example.com/', { network }));
      assert.deepEqual([error.code, error.sent, error.message, sent()], ['ECONNREFUSED', false, '代理连接被拒绝', 0]);
    });

    test('a target that the proxy cannot reach, and one that it does not let through', async (t) => {
      const answers = scheme.startsWith('http')
        ? ([
            [502, 'EHOSTUNREACH'],
            [503, 'EHOSTUNREACH'],
            [504, 'ETIMEDOUT'],
            [403, 'PROXY_REFUSED'],
            [501, 'PROXY_REFUSED'],
          ] as const)
        : ([
            [1, 'PROXY_REFUSED'],
            [2, 'PROXY_REFUSED'],
            [3, 'ENETUNREACH'],
            [4, 'EHOSTUNREACH'],
            [5, 'ECONNREFUSED'],
            [6, 'ETIMEDOUT'],
            [8, 'PROXY_REFUSED'],
            [99, 'PROXY_REFUSED'],
          ] as const);
      const { post, sent } = poster(t);
      for (const [refusal, code] of answers) {
        const proxy = await start(t, { refusal, dial: () => 0 });
        const network = { proxy: `${scheme}://127.0.0.1:${proxy.port}`, tls };
        const error = await faultOf(post('https://bot.example.com/', { network }));
        assert.deepEqual([error.code, error.sent], [code, false]);
        assert.match(error.message, /代理/);
      }
      assert.equal(sent(), 0);
    });

    test('a proxy that hangs up, or talks of something else', async (t) => {
      if (scheme === 'https') return;
      const { post } = poster(t);
      for (const greeting of ['', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 'x'.repeat(20_000)]) {
        const port = await listen(
          t,
          createServer((socket) => void socket.once('data', () => socket.end(greeting))),
        );
        const network = { proxy: `${scheme}://127.0.0.1:${port}` };
        const error = await faultOf(post('https://bot.example.com/', { network }));
        assert.deepEqual([error.code, error.sent], ['PROXY_REFUSED', false]);
      }
    });

    test('closing the way out gives up a proxy that never answers', async (t) => {
      const accepted = createServer();
      const port = await listen(t, accepted);
      const http = createHttp();
      const network = { proxy: `${scheme}://127.0.0.1:${port}` };
      const reply = http.request(
        { method: 'GET', url: 'http://bot.example.com/' },
        new AbortController().signal,
        () => {},
        { network },
      );
      const [socket] = (await once(accepted, 'connection')) as [Socket];
      socket.resume();
      const ended = once(socket, 'close');
      await Promise.all([assert.rejects(reply, SendError), http.close(), ended]);
    });
  });
}

test('a proxy that is silent for too long', async (t) => {
  const port = await listen(
    t,
    createServer((socket) => void socket.resume()),
  );
  const { signal } = new AbortController();
  const { tunnel } = proxyOf(new URL(`http://127.0.0.1:${port}`), { tls: {}, guard: undefined, timeout: 1, signal });
  const open = promisify((options: Parameters<typeof tunnel>[0], done: Parameters<typeof tunnel>[1]) =>
    tunnel(options, done),
  );
  const error = await faultOf(open({ hostname: 'bot.example.com', protocol: 'http:', port: '' }));
  assert.deepEqual([error.message, error.sent], ['代理连接超时', false]);
});

describe('proxies and plain http', () => {
  test('where tunnels are refused, an http target is asked for in absolute form from then on', async (t) => {
    const target = await startTarget(t);
    const proxy = await startHttpProxy(t, { refusal: 403, credentials: 'bob:s3cret', dial: () => target.port });
    const { post, sent } = poster(t);
    const network = { proxy: `http://bob:s3cret@127.0.0.1:${proxy.port}` };
    for (let n = 0; n < 2; n++) {
      assert.equal((await post('http://user:pw@bot.example.com/hook#x', { network })).body, 'ok');
    }
    assert.deepEqual(proxy.asked, [
      'CONNECT bot.example.com:80',
      'POST http://bot.example.com/hook',
      'POST http://bot.example.com/hook',
    ]);
    assert.equal(target.seen[0]!.headers.host, 'bot.example.com');
    assert.equal(target.seen[0]!.headers.authorization, `Basic ${Buffer.from('user:pw').toString('base64')}`);
    assert.equal(sent(), 2);

    const error = await faultOf(post('https://bot.example.com/', { network }));
    assert.equal(error.code, 'PROXY_REFUSED', 'an https target needs its tunnel');
  });

  test('407 to a request in absolute form', async (t) => {
    const answers = ['HTTP/1.1 405 No\r\n\r\n', 'HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n'];
    const port = await listen(
      t,
      createServer((socket) => void socket.once('data', () => socket.end(answers.shift() ?? ''))),
    );
    const error = await faultOf(
      poster(t).post('http://bot.example.com/', { network: { proxy: `http://127.0.0.1:${port}` } }),
    );
    assert.deepEqual([error.code, error.sent], ['PROXY_AUTH', false]);
  });

  test('a proxy that tunnels to nothing: the request was sent into it', async (t) => {
    const port = await listen(
      t,
      createServer((socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n'))),
    );
    const { post, sent } = poster(t);
    const error = await faultOf(post('http://bot.example.com/', { network: { proxy: `http://127.0.0.1:${port}` } }));
    assert.deepEqual([error.sent, sent()], [true, 1]);
  });

  test('a certificate of the proxy that nobody vouches for', async (t) => {
    const proxy = await startHttpProxy(t, { dial: () => 0 }, true);
    for (const host of ['127.0.0.1', 'localhost']) {
      const error = await faultOf(
        poster(t).post('http://bot.example.com/', { network: { proxy: `https://${host}:${proxy.port}` } }),
      );
      assert.deepEqual([error.code, error.sent, error.message], ['PROXY_TLS', false, '代理的 TLS 证书错误']);
    }
  });
});
