import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { isIPv6 } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { describe, test, type TestContext } from 'node:test';
import { FailureError, SendError } from '../../src/channel/channel.ts';
import type { Resolve } from '../../src/delivery/address-guard.ts';
import { createHttp } from '../../src/delivery/http-client.ts';
import { watchDials } from '../kit/dials.ts';
import { startHttpProxy, startSocksProxy } from '../kit/proxies.ts';
import { startTarget } from '../kit/targets.ts';

/** A resolver that gives these answers to any name, the last one again and again. */
function answering(...answers: readonly (readonly string[])[]) {
  const names: string[] = [];
  const lookup: Resolve = (name) => {
    names.push(name);
    const answer = answers[Math.min(names.length, answers.length) - 1] ?? [];
    return Promise.resolve(answer.map((address): LookupAddress => ({ address, family: isIPv6(address) ? 6 : 4 })));
  };
  return { lookup, names };
}

/** Sends guarded requests until the test ends. */
function guarded(t: TestContext, lookup: Resolve = () => Promise.reject(new Error('not to be looked up'))) {
  const http = createHttp({ lookup });
  t.after(() => http.close());
  let sent = 0;
  return {
    get: (url: string, allow: readonly string[] = [], proxy?: string) =>
      http.request({ method: 'GET', url }, new AbortController().signal, () => sent++, {
        guard: { allow },
        ...(proxy && { network: { proxy } }),
      }),
    sent: () => sent,
  };
}

const isRefusal = (error: unknown): error is FailureError =>
  error instanceof FailureError &&
  error.failure.kind === 'invalid' &&
  ['ADDRESS_REFUSED', 'INVALID_URL'].includes(error.failure.code ?? '');

const LOOPBACK = ['127.0.0.0/8'];

/** Each line one kind of spelling. `PORT` is that of a server which listens on this machine. */
const SPELLINGS = `
127.0.0.1:PORT 127.0.0.2:PORT 127.1:PORT 127.0.1:PORT 127.000.000.001:PORT 127.0.0.1.:PORT 0:PORT 0.0.0.0:PORT
2130706433:PORT 0x7f000001:PORT 0X7F000001:PORT 017700000001:PORT 0x7f.1:PORT 0177.0.0.1:PORT 0177.1:PORT
0x7f.0x0.0x0.0x1:PORT 127.0x1:PORT 0177.0.0x0.1:PORT 00000177.0.0.1:PORT 127.65535:PORT 127.0.256:PORT
１２７.0.0.1:PORT 127。0。0。1:PORT 127．0．0．1:PORT 127｡0｡0｡1:PORT ①②⑦.⓪.⓪.①:PORT 𝟏𝟐𝟕.𝟎.𝟎.𝟏:PORT ０ｘ７ｆ.1:PORT
%31%32%37.0.0.1:PORT 127%2e0%2e0%2e1:PORT 127.0.0.%31:PORT %30x7f000001:PORT 127%E3%80%820.0.1:PORT
127.0.0.1%00.example.com:PORT 127.0.0.1%09:PORT
user@127.0.0.1:PORT user:pass@127.0.0.1:PORT a@b@127.0.0.1:PORT example.com:80@127.0.0.1:PORT @127.0.0.1:PORT
example.com%2f@127.0.0.1:PORT %zz@127.0.0.1:PORT 127.0.0.1:PORT\\@example.com 127.0.0.1:PORT#@example.com
127.0.0.1:PORT?@example.com 127.0.0.1:PORT/@example.com
localhost:PORT LOCALHOST:PORT localhost.:PORT LocalHost:PORT a.localhost:PORT a.b.localhost.:PORT ⓛocalhost:PORT
ｌｏｃａｌｈｏｓｔ:PORT %6cocalhost:PORT loc­alhost:PORT
[::1]:PORT [0:0:0:0:0:0:0:1]:PORT [0000::0001]:PORT [::]:PORT [::0.0.0.1]:PORT
[::ffff:127.0.0.1]:PORT [::FFFF:7F00:1]:PORT [0:0:0:0:0:ffff:127.0.0.1]:PORT [::ffff:0:127.0.0.1]:PORT
[::127.0.0.1]:PORT [64:ff9b::127.0.0.1]:PORT [64:ff9b::7f00:1]:PORT [64:ff9b:1::7f00:1]:PORT [64:ff9b:1:ffff::a00:1]
[2002:7f00:1::]:PORT [2002:a00:1::1] [2002:c0a8:101::] [2001:0:7f00:1::80ff:fffe] [2001::1] [::ffff:8.8.8.8]
[::1%lo]:PORT [::1%25lo]:PORT [fe80::1%25eth0] [fe80::1%eth0] [::1]x:PORT [127.0.0.1]:PORT [::1.]:PORT
10.0.0.1 10.1 167772161 0xa000001 012.0.0.1 172.16.0.1 172.31.255.254 2886729729 192.168.0.1 192.168.1 0xc0a80101
0300.0250.0.1 169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 100.100.100.200 1684301000
100.64.0.1 192.0.0.192 198.18.0.1 198.19.255.255 192.0.2.1 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1
255.255.255.255 4294967295 0xffffffff 168.63.129.16 0.0.0.1 1
[fe80::1] [fc00::1] [fd12:3456::1] [fd00:ec2::254] [FD00:EC2:0::0254] [ff02::1] [2001:db8::1] [fec0::1] [100::1]
[::ffff:10.0.0.1] [::ffff:a9fe:a9fe] [::ffff:169.254.169.254] [64:ff9b::a9fe:a9fe] [64:ff9b::192.168.0.1] [4000::1]
999999999999:PORT 256.0.0.1:PORT 127.0.0.1.1:PORT 08.0.0.1:PORT 0x7f.0.0.0.1:PORT 127..1:PORT [:::1]:PORT
`
  .trim()
  .split(/\s+/);

describe('spellings of forbidden addresses', () => {
  test('there are enough of them', () => assert.ok(new Set(SPELLINGS).size >= 60, `${SPELLINGS.length}`));

  for (const spelling of SPELLINGS) {
    test(`http://${spelling}`, async (t) => {
      const target = await startTarget(t);
      const dials = watchDials(t);
      const { get, sent } = guarded(t);
      for (const scheme of ['http://', 'https://']) {
        await assert.rejects(get(scheme + spelling.replaceAll('PORT', `${target.port}`)), isRefusal);
      }
      assert.deepEqual([dials, target.seen.length, sent()], [[], 0, 0]);
    });
  }

  for (const spelling of [
    'http:127.0.0.1:PORT',
    'http:/127.0.0.1:PORT',
    'http:\\\\127.0.0.1:PORT',
    ' http://127.1:PORT',
  ]) {
    test(JSON.stringify(spelling), async (t) => {
      const dials = watchDials(t);
      await assert.rejects(guarded(t).get(spelling.replace('PORT', '80')), isRefusal);
      assert.deepEqual(dials, []);
    });
  }

  for (const url of [
    'ftp://example.com/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'unix:/run/docker.sock',
    'x',
    '',
  ]) {
    test(`other schemes: ${url}`, async (t) => {
      const dials = watchDials(t);
      await assert.rejects(guarded(t).get(url), isRefusal);
      assert.deepEqual(dials, []);
    });
  }
});

describe('names', () => {
  const answers: readonly (readonly string[])[] = [
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['100.100.100.200'],
    ['0.0.0.0'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['64:ff9b::7f00:1'],
    ['2002:7f00:1::'],
    ['fe80::1%lo'],
    ['fe80::1%25lo'],
    ['fd00:ec2::254'],
    ['not an address'],
    ['93.184.216.34', '127.0.0.1'],
    ['127.0.0.1', '93.184.216.34'],
    ['93.184.216.34', '2606:4700:4700::1111', 'fd00::1'],
    ['2606:4700:4700::1111', '10.0.0.1'],
  ];
  for (const answer of answers) {
    test(`refused when the answer is ${answer.join(', ')}`, async (t) => {
      const dials = watchDials(t);
      const { get, sent } = guarded(t, answering(answer).lookup);
      await assert.rejects(get('http://bot.example.com/'), isRefusal);
      await assert.rejects(get('https://bot.example.com./'), isRefusal);
      assert.deepEqual([dials, sent()], [[], 0]);
    });
  }

  test('the answer that was vetted is dialled, and there is no second look-up', async (t) => {
    const target = await startTarget(t);
    const dials = watchDials(t);
    const { lookup, names } = answering(['127.0.0.1'], ['127.0.0.2']);
    const { get, sent } = guarded(t, lookup);
    const reply = await get(`http://bot.example.com:${target.port}/`, ['127.0.0.1/32']);
    assert.equal(reply.body, 'ok');
    assert.deepEqual(names, ['bot.example.com']);
    assert.deepEqual(dials, [`127.0.0.1:${target.port}`]);
    assert.equal(target.seen[0]!.headers.host, `bot.example.com:${target.port}`);
    assert.equal(sent(), 1);
  });

  test('a name that goes bad between two dials is refused at the second', async (t) => {
    const target = await startTarget(t, { answer: (_, response) => response.setHeader('connection', 'close').end() });
    const dials = watchDials(t);
    const { get } = guarded(t, answering(['127.0.0.1'], ['127.0.0.2']).lookup);
    const url = `http://bot.example.com:${target.port}/`;
    await get(url, ['127.0.0.1/32']);
    await assert.rejects(get(url, ['127.0.0.1/32']), isRefusal);
    assert.equal(dials.length, 1);
  });

  test('every attempt that dials looks the name up anew, so a refusal is not remembered', async (t) => {
    const target = await startTarget(t);
    const { get } = guarded(t, answering(['127.0.0.1', '10.0.0.1'], ['127.0.0.1']).lookup);
    const url = `http://bot.example.com:${target.port}/`;
    await assert.rejects(get(url, LOOPBACK), isRefusal);
    assert.equal((await get(url, LOOPBACK)).status, 200);
  });

  test('a failed look-up is no refusal: the request was not sent', async (t) => {
    const missing: Resolve = () => Promise.reject(Object.assign(new Error('queryA'), { code: 'ENOTFOUND' }));
    for (const lookup of [missing, answering([]).lookup]) {
      const error = await guarded(t, lookup)
        .get('http://bot.example.com/')
        .catch((caught: unknown) => caught);
      assert.ok(error instanceof SendError);
      assert.deepEqual([error.code, error.sent, error.message], ['ENOTFOUND', false, '域名解析失败']);
    }
  });

  test('localhost is loopback whatever a resolver says: only what is allowed of it is dialled', async (t) => {
    const target = await startTarget(t);
    const dials = watchDials(t);
    const { get } = guarded(t);
    for (const host of ['localhost', 'LOCALHOST', 'a.localhost', 'localhost.']) {
      assert.equal((await get(`http://${host}:${target.port}/`, LOOPBACK)).status, 200);
    }
    assert.deepEqual(new Set(dials), new Set([`127.0.0.1:${target.port}`]));
    await assert.rejects(get(`http://localhost:${target.port}/`, ['10.0.0.0/8']), isRefusal);
  });
});

describe('what passes', () => {
  test('literals in allowed networks', async (t) => {
    const target = await startTarget(t);
    const { get } = guarded(t);
    for (const host of ['127.0.0.1', '2130706433', '127.1', 'user:pass@127.0.0.1', '127.0.0.1.']) {
      assert.equal((await get(`http://${host}:${target.port}/`, LOOPBACK)).status, 200);
    }
    await assert.rejects(get(`http://127.0.0.1:${target.port}/`, ['127.0.0.2/32', '10.0.0.0/8', '::/0']), isRefusal);
  });

  test('an embedded address needs leave for both', async (t) => {
    const { get } = guarded(t);
    const refusedWith = async (allow: readonly string[]) => {
      const proxy = await startHttpProxy(t, { refusal: 502, dial: () => 0 });
      const error = await get('http://[64:ff9b::a00:1]/', allow, `http://127.0.0.1:${proxy.port}`).catch(
        (caught: unknown) => caught,
      );
      return isRefusal(error);
    };
    assert.equal(await refusedWith([]), true);
    assert.equal(await refusedWith(['10.0.0.0/8']), true);
    assert.equal(await refusedWith(['64:ff9b::/96']), true);
    assert.equal(await refusedWith(['64:ff9b::/96', '10.0.0.0/8']), false);
  });

  for (const address of ['93.184.216.34', '1.1.1.1', '223.5.5.5', '2606:4700:4700::1111', '2400:3200::1']) {
    test(`a name at ${address}`, async (t) => {
      const target = await startTarget(t);
      const proxy = await startHttpProxy(t, { dial: () => target.port });
      const { get } = guarded(t, answering([address]).lookup);
      const reply = await get('http://bot.example.com/x', [], `http://127.0.0.1:${proxy.port}`);
      assert.equal(reply.status, 200);
    });
  }
});

describe('through a proxy', () => {
  test('CONNECT has the vetted address, Host keeps the name, and the proxy may be in any network', async (t) => {
    const target = await startTarget(t);
    const proxy = await startHttpProxy(t, { dial: () => target.port });
    const { lookup, names } = answering(['2606:4700:4700::1111', '93.184.216.34'], ['10.0.0.1']);
    const { get } = guarded(t, lookup);
    await get('http://bot.example.com:8080/x', [], `http://127.0.0.1:${proxy.port}`);
    assert.deepEqual(proxy.asked, ['CONNECT 93.184.216.34:8080']);
    assert.equal(target.seen[0]!.headers.host, 'bot.example.com:8080');
    assert.deepEqual(names, ['bot.example.com']);
  });

  test('CONNECT has an IPv6 address in brackets', async (t) => {
    const target = await startTarget(t);
    const proxy = await startHttpProxy(t, { dial: () => target.port });
    await guarded(t, answering(['2606:4700::1']).lookup).get('http://a.example/', [], `http://127.0.0.1:${proxy.port}`);
    assert.deepEqual(proxy.asked, ['CONNECT [2606:4700::1]:80']);
  });

  for (const scheme of ['socks5', 'socks5h']) {
    test(`${scheme} has the vetted address`, async (t) => {
      const target = await startTarget(t);
      const proxy = await startSocksProxy(t, { dial: () => target.port });
      const { get } = guarded(t, answering(['93.184.216.34'], ['2606:4700::1'], ['10.0.0.1']).lookup);
      await get('http://a.example/', [], `${scheme}://127.0.0.1:${proxy.port}`);
      await get('http://b.example/', [], `${scheme}://127.0.0.1:${proxy.port}`);
      assert.deepEqual(proxy.asked, ['1 93.184.216.34:80', '4 [2606:4700:0000:0000:0000:0000:0000:0001]:80']);
      assert.equal(target.seen[0]!.headers.host, 'a.example');
    });
  }

  for (const start of [startHttpProxy, startSocksProxy]) {
    test(`${start.name}: a forbidden target is refused before the proxy is asked`, async (t) => {
      const dials = watchDials(t);
      const proxy = await start(t, { dial: () => 0 });
      const url = `${start === startHttpProxy ? 'http' : 'socks5'}://127.0.0.1:${proxy.port}`;
      const { get } = guarded(t, answering(['93.184.216.34', '10.0.0.1']).lookup);
      for (const target of ['http://127.0.0.1/', 'https://[::1]/', 'http://localhost/', 'https://bot.example.com/']) {
        await assert.rejects(get(target, [], url), isRefusal);
      }
      assert.deepEqual([proxy.asked, dials], [[], []]);
    });
  }

  test('the proxy may have a name in any network', async (t) => {
    const target = await startTarget(t);
    const proxy = await startHttpProxy(t, { dial: () => target.port });
    const { get } = guarded(t, answering(['93.184.216.34']).lookup);
    const reply = await get('http://bot.example.com/x', [], `http://localhost:${proxy.port}`);
    assert.equal(reply.status, 200);
    assert.deepEqual(proxy.asked, ['CONNECT 93.184.216.34:80']);
  });

  test('a proxy that refuses tunnels is not handed the name instead', async (t) => {
    const proxy = await startHttpProxy(t, { refusal: 403, dial: () => 0 });
    const { get } = guarded(t, answering(['93.184.216.34']).lookup);
    await assert.rejects(get('http://bot.example.com/', [], `http://127.0.0.1:${proxy.port}`), {
      code: 'PROXY_REFUSED',
    });
    assert.deepEqual(proxy.asked, ['CONNECT 93.184.216.34:80']);
  });
});

describe('round the guard', () => {
  test('a connection of an unguarded request, or of another list, is not used', async (t) => {
    const target = await startTarget(t);
    const http = createHttp();
    t.after(() => http.close());
    const { signal } = new AbortController();
    const get = (allow?: readonly string[]) =>
      http.request({ method: 'GET', url: target.url }, signal, () => {}, allow && { guard: { allow } });
    await get();
    await get(LOOPBACK);
    // undici takes a connection for idle only after it has told the end of the answer.
    await immediate();
    await get(LOOPBACK);
    await assert.rejects(get([]), isRefusal);
    const [free, first, second] = target.seen.map(({ connection }) => connection);
    assert.notEqual(first, free);
    assert.equal(second, first, 'the connection of the same list is used again');
    assert.equal(target.seen.length, 3);
  });

  test('a name whose connection is kept is not carried over to another list', async (t) => {
    const target = await startTarget(t);
    const { get } = guarded(t, answering(['127.0.0.1']).lookup);
    const url = `http://bot.example.com:${target.port}/`;
    await get(url, LOOPBACK);
    await assert.rejects(get(url, ['10.0.0.0/8']), isRefusal);
    assert.equal(target.seen.length, 1);
  });

  test('redirects are not followed', async (t) => {
    const inner = await startTarget(t);
    const target = await startTarget(t, {
      answer: (_, response) => response.writeHead(307, { location: inner.url }).end(),
    });
    assert.equal((await guarded(t).get(target.url, LOOPBACK)).status, 307);
    assert.equal(inner.seen.length, 0);
  });
});

test('a refusal tells the kind of address and what to do, and nothing of the URL', async (t) => {
  const { get } = guarded(t, answering(['10.9.8.7']).lookup);
  const url = 'https://user:pa55@bot.example.com/hook/s3cret?key=s3cret';
  const error = await get(url).catch((caught: unknown) => caught);
  assert.ok(error instanceof FailureError);
  assert.match(error.message, /内网地址/);
  assert.match(error.failure.remedy!.zh, /security\.allow_networks: \[cidr\]/);
  assert.match(error.failure.remedy!.en, /security\.allow_networks: \[cidr\]/);
  assert.doesNotMatch(JSON.stringify([error.failure, error.stack]), /example|10\.9|s3cret|pa55|hook/);
});
