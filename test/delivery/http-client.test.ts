import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { after, describe, test, type TestContext } from 'node:test';
import { getCACertificates, rootCertificates, setDefaultCACertificates } from 'node:tls';
import { type HttpRequest, FailureError, SendError } from '../../src/channel/channel.ts';
import { createDispatchers } from '../../src/delivery/dispatchers.ts';
import { type Route, createHttp } from '../../src/delivery/http-client.ts';
import { SANDBOX_CERTIFICATE } from '../../src/sandbox/certificate.ts';
import { listen, startTarget } from '../kit/targets.ts';

const folder = mkdtempSync(join(tmpdir(), 'pushserver-http-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(folder, `${files++}.pem`);
  writeFileSync(path, text);
  return path;
}

/** Sends until the test ends, and tells how often a request was on its way. */
function sender(t: TestContext) {
  const http = createHttp();
  t.after(() => http.close());
  let sent = 0;
  return {
    send: (request: Partial<HttpRequest> & { url: string }, route?: Route, signal = new AbortController().signal) =>
      http.request({ method: 'GET', ...request }, signal, () => sent++, route),
    sent: () => sent,
  };
}

const caught = (reply: Promise<unknown>): Promise<unknown> => reply.catch((error: unknown) => error);

describe('straight there', () => {
  test('a request and its answer', async (t) => {
    const target = await startTarget(t, {
      answer: (_, response) => response.writeHead(418, { 'X-One': '1' }).end('茶'),
    });
    const { send, sent } = sender(t);
    const url = `${target.url.replace('//', '//user:p%40ss@')}/a%20b?c=d#e`;
    const reply = await send({ method: 'POST', url, headers: { 'x-two': '2' }, body: '你好' });
    assert.deepEqual([reply.status, reply.headers['x-one'], reply.body], [418, '1', '茶']);
    const [seen] = target.seen;
    assert.deepEqual(
      [seen!.method, seen!.url, seen!.body, seen!.headers['x-two']],
      ['POST', '/a%20b?c=d', '你好', '2'],
    );
    assert.equal(seen!.headers.authorization, `Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    assert.equal(sent(), 1);
  });

  test('a percent sign in a password that encodes nothing is a percent sign', async (t) => {
    const target = await startTarget(t);
    await sender(t).send({ url: target.url.replace('//', '//:100%@') });
    assert.equal(target.seen[0]!.headers.authorization, `Basic ${Buffer.from(':100%').toString('base64')}`);
  });

  test('an authorization of its own goes before the credentials of the URL, however it is spelled', async (t) => {
    const target = await startTarget(t);
    const url = target.url.replace('//', '//user:pass@');
    for (const name of ['authorization', 'Authorization', 'AUTHORIZATION']) {
      await sender(t).send({ url, headers: { [name]: 'Bearer own', 'User-Agent': 'own' } });
      const { headers } = target.seen.at(-1)!;
      assert.deepEqual([headers.authorization, headers['user-agent']], ['Bearer own', 'own']);
    }
    await sender(t).send({ url: target.url });
    assert.equal(target.seen.at(-1)!.headers['user-agent'], 'PushServer');
  });

  test('an answer of 50 MB is cut at 512 KiB, while it comes', async (t) => {
    const chunk = 'x'.repeat(10_000);
    let left = 0;
    const target = await startTarget(t, {
      answer: (_, response) => {
        left = 5000;
        const more = () => {
          while (left > 0 && response.write(chunk)) left--;
          if (left === 0) response.end();
        };
        response.on('drain', more);
        more();
      },
    });
    for (const route of [undefined, { guard: { allow: ['127.0.0.1'] } }]) {
      const reply = await sender(t).send({ url: target.url }, route);
      assert.equal(reply.body.length, 512 * 1024);
      assert.ok(left > 0, 'the rest is not read');
    }
  });

  test('nobody there: not sent; cut off while it answers: sent', async (t) => {
    const { send, sent } = sender(t);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    const refused = await caught(send({ url: `http://127.0.0.1:${port}/` }));
    assert.ok(refused instanceof SendError);
    assert.deepEqual([refused.code, refused.sent, sent()], ['ECONNREFUSED', false, 0]);

    const target = await startTarget(t, { answer: (request) => request.socket.destroy() });
    const cut = await caught(send({ url: target.url }));
    assert.ok(cut instanceof SendError);
    assert.deepEqual([cut.sent, sent()], [true, 1]);
  });

  test('given up before it left: never sent', async (t) => {
    const target = await startTarget(t);
    const { send, sent } = sender(t);
    assert.ok((await caught(send({ url: target.url }, undefined, AbortSignal.abort()))) instanceof SendError);
    assert.deepEqual([sent(), target.seen.length], [0, 0]);
  });
});

describe('TLS', () => {
  test('a certificate that nobody vouches for is refused before anything is sent', async (t) => {
    const target = await startTarget(t, { tls: true });
    const { send, sent } = sender(t);
    for (const route of [undefined, { guard: { allow: ['127.0.0.1'] } }, { network: {} }]) {
      const error = await caught(send({ url: target.url }, route));
      assert.ok(error instanceof SendError);
      assert.deepEqual([error.message, error.sent, sent()], ['TLS 证书错误', false, 0]);
    }
    assert.equal(target.seen.length, 0);
  });

  test('tls.ca_file vouches for it, in this network alone', async (t) => {
    const target = await startTarget(t, { tls: true });
    const { send } = sender(t);
    // After others, and text between them, as bundles have it.
    const ca_file = file(`# a bundle\n${rootCertificates[0]}\n\nours:\n${SANDBOX_CERTIFICATE}`);
    for (const guard of [undefined, { allow: ['127.0.0.1'] }]) {
      const reply = await send({ url: target.url }, { network: { tls: { ca_file } }, ...(guard && { guard }) });
      assert.equal(reply.body, 'ok');
    }
    assert.ok((await caught(send({ url: target.url }))) instanceof SendError);
  });

  test('the authorities of Node stay trusted beside it', async (t) => {
    const before = getCACertificates();
    setDefaultCACertificates([SANDBOX_CERTIFICATE]);
    t.after(() => setDefaultCACertificates(before));
    const target = await startTarget(t, { tls: true });
    const reply = await sender(t).send(
      { url: target.url },
      { network: { tls: { ca_file: file(rootCertificates[0]!) } } },
    );
    assert.equal(reply.body, 'ok');
  });

  test('tls.insecure checks nothing, in this network alone', async (t) => {
    const target = await startTarget(t, { tls: true });
    const { send } = sender(t);
    assert.equal((await send({ url: target.url }, { network: { tls: { insecure: true } } })).body, 'ok');
    assert.ok(
      (await caught(send({ url: target.url }, { network: { tls: { insecure: false } } }))) instanceof SendError,
    );
  });

  test('a file that cannot be read, or holds no certificate, is for the operator to mend', async (t) => {
    const { send, sent } = sender(t);
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    for (const ca_file of [join(folder, 'none'), folder, file(''), file('no pem'), file(broken)]) {
      const error = await caught(send({ url: 'https://127.0.0.1:1/' }, { network: { tls: { ca_file } } }));
      assert.ok(error instanceof FailureError);
      assert.deepEqual([error.failure.kind, error.failure.code], ['invalid', 'CA_FILE']);
      assert.match(error.failure.remedy!.zh, /tls\.ca_file/);
      assert.ok(!JSON.stringify(error.failure).includes(folder));
    }
    assert.equal(sent(), 0);
  });

  test('a file that was mended or renewed holds from the next request on', async (t) => {
    const target = await startTarget(t, { tls: true });
    const { send } = sender(t);
    const ca_file = file(rootCertificates[0]!);
    const route = { network: { tls: { ca_file } } };
    assert.ok((await caught(send({ url: target.url }, route))) instanceof SendError);
    writeFileSync(ca_file, SANDBOX_CERTIFICATE);
    utimesSync(ca_file, 1, 1);
    assert.equal((await send({ url: target.url }, route)).body, 'ok');
  });
});

describe('ways out', () => {
  const nowhere = () => Promise.reject(new Error('not to be looked up'));
  const routeOf = (n: number): Route => ({ network: { proxy: `http://127.0.0.1:${n}` } });

  test('equal routes share one, different ones do not', async (t) => {
    const ways = createDispatchers(nowhere);
    t.after(() => ways.close());
    assert.equal(ways.of(routeOf(1)), ways.of(routeOf(1)));
    const routes: Route[] = [
      routeOf(1),
      routeOf(2),
      { network: { ...routeOf(1).network, tls: { insecure: true } } },
      { ...routeOf(1), guard: { allow: [] } },
      { ...routeOf(1), guard: { allow: ['10.0.0.0/8'] } },
      { guard: { allow: [] } },
      { guard: { allow: ['10.0.0.0/8'] } },
    ];
    assert.equal(new Set(routes.map((route) => ways.of(route).agent)).size, routes.length);
  });

  test('the longest unused one is closed when there are too many', async (t) => {
    const ways = createDispatchers(nowhere, 2);
    t.after(() => ways.close());
    const [first, second] = [ways.of(routeOf(1)), ways.of(routeOf(2))];
    ways.of(routeOf(1));
    ways.of(routeOf(3));
    assert.deepEqual([first.agent.closed, second.agent.closed, second.forward?.agent.closed], [false, true, true]);
    assert.equal(ways.of(routeOf(1)), first);
  });

  test('one that is closed ends what it has in hand', async (t) => {
    const answers: (() => void)[] = [];
    const target = await startTarget(t, { answer: (_, response) => void answers.push(() => response.end('late')) });
    const http = createHttp();
    t.after(() => http.close());
    const get = (allow: string) =>
      http.request({ method: 'GET', url: target.url }, new AbortController().signal, () => {}, {
        guard: { allow: ['127.0.0.1', allow] },
      });
    // One more than are kept open, so the first is closed while its answer is still to come.
    const replies = Array.from({ length: 65 }, (_, n) => get(`10.0.0.${n}`));
    while (answers.length < 65) await immediate();
    for (const answer of answers) answer();
    assert.ok((await Promise.all(replies)).every(({ body }) => body === 'late'));
  });

  test('closing cuts off what is in hand on every way', async (t) => {
    const accepted: Socket[] = [];
    const port = await listen(
      t,
      createServer((socket) => void accepted.push(socket.resume())),
    );
    const http = createHttp();
    const routes: readonly (Route | undefined)[] = [undefined, { guard: { allow: ['127.0.0.1'] } }];
    const replies = routes.map((route) => {
      const { signal } = new AbortController();
      return caught(http.request({ method: 'GET', url: `http://127.0.0.1:${port}/` }, signal, () => {}, route));
    });
    while (accepted.length < 2) await immediate();
    const cut = accepted.map((socket) => once(socket, 'close'));
    await http.close();
    for (const error of await Promise.all(replies)) assert.ok(error instanceof SendError);
    await Promise.all(cut);
  });
});
