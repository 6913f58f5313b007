import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Socket, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import email from '../../src/channels/email.ts';
import type { Message } from '../../src/model.ts';
import { SANDBOX_CERTIFICATE, SANDBOX_KEY } from '../../src/sandbox/certificate.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { fakeSmtp } from '../kit/fake-smtp.ts';
import { loadFixture } from '../kit/fixture.ts';
import { hostileMessage } from '../kit/hostile.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const { config: base } = await loadFixture('email');
const noHttp = scriptedHttp().http;
const MESSAGE: Message = { title: '数据库告警', body: '连接数超过阈值', level: 'error', style: 'card', format: 'text' };

/** One mail to a server on this machine. */
async function send(change: Readonly<Record<string, unknown>>, message = MESSAGE, io = createIo(noHttp)) {
  const config = email.config.parse({ ...base, ...change });
  try {
    return await attempt(email, email.render(message, config, NOW, 'task'), config, io);
  } finally {
    await io.close();
  }
}

describe('the mail', () => {
  test('has a readable Chinese subject, both parts, and the headers of an automatic message', async () => {
    const server = await fakeSmtp();
    assert.deepEqual(await send({ smtp_port: server.port }), { ok: true });
    await server.close();
    const mail = server.mails[0]!;
    const subject = /^Subject: =\?UTF-8\?B\?([\w+/=]+)\?=/im.exec(mail)?.[1] ?? '';
    assert.equal(Buffer.from(subject, 'base64').toString(), '数据库告警');
    assert.match(mail, /^From: Ops Alerts <alerts@ops\.example>$/m);
    assert.match(mail, /^To: admin@ops\.example$/m);
    assert.match(mail, /^Auto-Submitted: auto-generated$/m);
    assert.match(mail, /^X-Auto-Response-Suppress: All$/m);
    assert.match(mail, /^X-Priority: 1 \(Highest\)$/m);
    assert.match(mail, /^Message-ID: <[0-9a-f]{32}@ops\.example>$/m);
    assert.match(mail, /^Content-Type: multipart\/alternative/m);
    assert.ok(mail.indexOf('text/plain') < mail.indexOf('text/html'));
  });

  test('has a text part alone in text style', async () => {
    const server = await fakeSmtp();
    await send({ smtp_port: server.port }, { ...MESSAGE, style: 'text', level: 'info' });
    await server.close();
    assert.match(server.mails[0]!, /^Content-Type: text\/plain/m);
    assert.doesNotMatch(server.mails[0]!, /text\/html|X-Priority/);
  });

  test('keeps its Message-ID on every attempt, and no other mail has it', async () => {
    const server = await fakeSmtp();
    for (const id of ['task-0-0', 'task-0-0', 'task-0-1'])
      await send({ smtp_port: server.port }, MESSAGE, createIo(noHttp, { id }));
    await server.close();
    const [first, second, third] = server.mails.map((mail) => /^Message-ID: (.+)$/m.exec(mail)?.[1]);
    assert.equal(first, second);
    assert.notEqual(first, third);
  });

  for (const style of ['text', 'card'] as const) {
    test(`lets hostile text reach no header and no command (${style})`, async () => {
      const server = await fakeSmtp();
      assert.deepEqual(await send({ smtp_port: server.port }, hostileMessage(style, 'text')), { ok: true });
      await server.close();
      const head = server.mails[0]!.slice(0, server.mails[0]!.indexOf('\r\n\r\n'));
      assert.doesNotMatch(head, /^(?:Bcc|body|victim)/im);
      assert.equal(head.match(/^Subject:/gim)?.length, 1);
      assert.deepEqual(
        server.lines.filter((line) => line.startsWith('RCPT')),
        ['RCPT TO:<admin@ops.example>'],
      );
    });
  }

  test('takes a sender whose name holds a comma', async () => {
    const server = await fakeSmtp();
    assert.deepEqual(await send({ smtp_port: server.port, from: '"Ops, night" <n@ops.example>' }), { ok: true });
    await server.close();
    assert.match(server.mails[0]!, /^From: "Ops, night" <n@ops\.example>$/m);
  });
});

describe('the connection', () => {
  for (const tls of ['auto', 'starttls', 'implicit'] as const) {
    test(`is encrypted before the login (tls: ${tls})`, async () => {
      let secured: boolean | undefined;
      const server = new SMTPServer({
        secure: tls === 'implicit',
        key: SANDBOX_KEY,
        cert: SANDBOX_CERTIFICATE,
        onAuth(auth, session, done) {
          secured = session.secure;
          done(null, { user: auth.username });
        },
        onData(stream, _session, done) {
          stream.resume();
          stream.on('end', () => done());
        },
      });
      server.on('error', () => {});
      const listening = server.listen(0, '127.0.0.1');
      await once(listening, 'listening');
      const address = listening.address();
      assert.ok(typeof address === 'object' && address);
      assert.deepEqual(await send({ smtp_port: address.port, tls }), { ok: true });
      assert.equal(secured, true);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    });
  }

  test('never carries the password in clear text to another machine: no STARTTLS, no login', async () => {
    const server = await fakeSmtp();
    // 0.0.0.0 reaches this machine but is not called loopback.
    const outcome = await send({ smtp_host: '0.0.0.0', smtp_port: server.port });
    await server.close();
    assert.equal(outcome.ok || outcome.kind, 'unauthorized');
    assert.match((!outcome.ok && outcome.remedy?.zh) || '', /STARTTLS/);
    assert.ok(!server.lines.some((line) => line.startsWith('AUTH')));
  });

  test('may carry it where the operator wrote tls: none', async () => {
    const server = await fakeSmtp({ EHLO: '250-fake\r\n250-STARTTLS\r\n250 AUTH PLAIN' });
    assert.deepEqual(await send({ smtp_host: '0.0.0.0', smtp_port: server.port, tls: 'none' }), { ok: true });
    await server.close();
    assert.ok(server.lines.some((line) => line.startsWith('AUTH')) && !server.lines.includes('STARTTLS'));
  });

  test('without a username there is no login, and no need for TLS', async () => {
    const server = await fakeSmtp();
    const anonymous = { smtp_host: '0.0.0.0', smtp_port: server.port, username: '', password: '' };
    assert.deepEqual(await send(anonymous), { ok: true });
    await server.close();
    assert.ok(!server.lines.some((line) => line.startsWith('AUTH')));
  });

  test('requires STARTTLS where it was asked for, on this machine too', async () => {
    const server = await fakeSmtp();
    const outcome = await send({ smtp_port: server.port, tls: 'starttls' });
    await server.close();
    assert.equal(outcome.ok || outcome.kind, 'unauthorized');
  });

  test('is shared: many mails, one login', async () => {
    const server = await fakeSmtp();
    const config = email.config.parse({ ...base, smtp_port: server.port });
    const io = createIo(noHttp);
    for (let i = 0; i < 5; i++) {
      assert.deepEqual(await attempt(email, email.render(MESSAGE, config, NOW, 'task'), config, io), { ok: true });
    }
    await io.close();
    await server.close();
    assert.equal(server.lines.filter((line) => line.startsWith('AUTH')).length, 1);
    assert.equal(server.mails.length, 5);
  });
});

describe('when no answer comes', () => {
  for (const tls of ['auto', 'starttls', 'implicit', 'none'] as const) {
    test(`a silent server is unavailable, nothing was sent (tls: ${tls})`, async () => {
      const sockets: Socket[] = [];
      const server = createServer((socket) => sockets.push(socket.on('error', () => {})));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      assert.ok(typeof address === 'object' && address);
      const io = createIo(noHttp, { timeout_ms: 20 });
      const outcome = await send({ smtp_port: address.port, tls }, MESSAGE, io);
      assert.equal(outcome.ok || outcome.kind, 'unavailable');
      assert.deepEqual(io.told, [false]);
      for (const socket of sockets) socket.destroy();
      server.close();
    });
  }

  test('a refused connection is unavailable and names no secret', async () => {
    const server = await fakeSmtp();
    await server.close();
    const outcome = await send({ smtp_port: server.port });
    assert.ok(!outcome.ok);
    assert.equal(outcome.kind, 'unavailable');
    assert.equal(outcome.code, 'ECONNREFUSED');
    assert.doesNotMatch(JSON.stringify(outcome), /LEAKED|ops\.example/);
  });

  test('silence after the text is unknown: it may have arrived', async () => {
    const server = await fakeSmtp({ END: '' });
    const io = createIo(noHttp, { timeout_ms: 100 });
    const outcome = await send({ smtp_port: server.port }, MESSAGE, io);
    await server.close();
    assert.equal(outcome.ok || outcome.kind, 'unknown');
    assert.deepEqual(io.told, [false, true]);
  });

  for (const [step, kind] of [
    ['CONNECT', 'unavailable'],
    ['AUTH', 'unavailable'],
    ['RCPT', 'unavailable'],
    ['END', 'unknown'],
  ] as const) {
    test(`an attempt given up while the server is silent at ${step} ends at once as ${kind}`, async () => {
      const io = createIo(noHttp);
      const server = await fakeSmtp({ [step]: '' }, (reached) => reached === step && io.abort());
      const outcome = await send({ smtp_port: server.port }, MESSAGE, io);
      await server.close();
      assert.equal(outcome.ok || outcome.kind, kind);
    });
  }
});

test('one mailbox is one lane, however it is spelled', () => {
  const key = (change: Readonly<Record<string, unknown>>) =>
    email.credential(email.config.parse({ ...base, ...change }));
  assert.equal(key({ email: 'Admin@OPS.example' }), key({}));
  assert.notEqual(key({ email: 'other@ops.example' }), key({}));
  assert.ok(!key({}).includes('LEAKED'));
});

test('a mailbox of this machine or network is an address; a list or a header is none', () => {
  const taken = (address: string) => email.config.safeParse({ ...base, email: address }).success;
  for (const address of ['ops@example.com', 'root@localhost', 'ops+night@mailhost']) assert.ok(taken(address), address);
  for (const address of ['ops', '@x.cn', 'a@', 'a@x.cn,b@x.cn', 'a@x.cn\r\nBcc: b@x.cn', 'A <a@x.cn>', 'a@x..cn'])
    assert.ok(!taken(address), address);
});
