import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { createTransport } from 'nodemailer';
import { SANDBOX_CERTIFICATE } from '../../src/sandbox/certificate.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { start, until } from './start.ts';

const LIMIT = { timeout: 20_000 };
const MAIL = {
  from: '监控 <noreply@example.com>',
  to: 'Admin@Example.com',
  subject: '磁盘空间不足',
  text: '使用率 91%',
};

function transport(t: TestContext, port: number, options: object = {}) {
  const made = createTransport({ host: '127.0.0.1', port, tls: { ca: SANDBOX_CERTIFICATE }, ...options });
  t.after(() => made.close());
  return made;
}

/** Speaks one line and waits for the last line of the answer. */
async function dialogue(t: TestContext, port: number, lines: readonly string[]): Promise<string[]> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const answers = [await answer(socket)];
  for (const line of lines) {
    socket.write(`${line}\r\n`);
    answers.push(await answer(socket));
  }
  return answers;
}

async function answer(socket: Socket): Promise<string> {
  let text = '';
  while (!/^\d{3} .*\r\n$/m.test(text)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return text;
}

describe('e-mail', () => {
  test('a bare SMTP dialogue delivers, one message per mailbox', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    const source = 'Subject: =?utf-8?B?5rWL6K+V?=\r\nFrom: a@x.example\r\n\r\nhello\r\n..dot\r\n.';
    const answers = await dialogue(t, sandbox.smtp_port, [
      'EHLO client',
      'MAIL FROM:<a@x.example>',
      'RCPT TO:<One@x.example>',
      'RCPT TO:<two@x.example>',
      'DATA',
      source,
      'QUIT',
    ]);
    assert.deepEqual(
      answers.map((line) => line.slice(0, 3)),
      ['220', '250', '250', '250', '250', '354', '250', '221'],
    );
    assert.doesNotMatch(answers[1] ?? '', /STARTTLS/);
    const [two, one] = sandbox.messages();
    assert.equal(one?.token, 'one@x.example');
    assert.equal(two?.token, 'two@x.example');
    assert.equal(one.title, '测试');
    assert.equal(one.text.trim(), 'hello\n.dot');
    assert.deepEqual(one.mail?.to, ['one@x.example', 'two@x.example']);
    assert.equal(sandbox.requests({ platform: 'email' }), 2);
  });

  test('subject, sender, text and page of a real mail are readable', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    const html = '<h2 style="background:#e07b00">磁盘</h2>';
    await transport(t, sandbox.smtp_port).sendMail({ ...MAIL, html });
    const [message] = sandbox.messages({ platform: 'email', token: 'admin@example.com' });
    assert.equal(message?.title, '磁盘空间不足');
    assert.equal(message.text.trim(), '使用率 91%');
    assert.equal(message.mail?.from, '监控 <noreply@example.com>');
    assert.deepEqual(message.mail.to, ['Admin@example.com']);
    assert.equal(message.mail.html?.trim(), html);
    assert.equal(message.level, 'warning');
    assert.match(String(message.raw), /^From: /m);
  });

  test('importance shows where no colour does', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    await transport(t, sandbox.smtp_port).sendMail({ ...MAIL, priority: 'high' });
    assert.equal(sandbox.messages()[0]?.level, 'error');
  });

  test('implicit TLS', LIMIT, async (t) => {
    const { sandbox } = await start(t, { smtp: { tls: 'implicit' } });
    await transport(t, sandbox.smtp_port, { secure: true }).sendMail(MAIL);
    assert.equal(sandbox.messages().length, 1);
  });

  test('STARTTLS: offered, and mail before it is refused', LIMIT, async (t) => {
    const { sandbox } = await start(t, { smtp: { tls: 'starttls' } });
    await transport(t, sandbox.smtp_port, { requireTLS: true }).sendMail(MAIL);
    assert.equal(sandbox.messages().length, 1);
    await assert.rejects(transport(t, sandbox.smtp_port, { ignoreTLS: true }).sendMail(MAIL), { responseCode: 530 });
  });

  test('the certificate is trusted only by who was told to', LIMIT, async (t) => {
    const { sandbox } = await start(t, { smtp: { tls: 'implicit' } });
    await assert.rejects(transport(t, sandbox.smtp_port, { secure: true, tls: {} }).sendMail(MAIL), /self-signed/);
  });

  test('a login is asked for when one is set, and checked', LIMIT, async (t) => {
    const { sandbox } = await start(t, { smtp: { auth: { user: 'u', pass: 'p' } } });
    const send = async (auth?: object) =>
      await transport(t, sandbox.smtp_port, auth === undefined ? {} : { auth }).sendMail(MAIL);
    await assert.rejects(send(), { responseCode: 530 });
    await assert.rejects(send({ user: 'u', pass: 'wrong' }), { responseCode: 535 });
    await send({ user: 'u', pass: 'p' });
    assert.equal(sandbox.messages().length, 1);
    assert.equal(sandbox.refusals()[0]?.code, '535');
  });

  test('without one any login will do', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    await transport(t, sandbox.smtp_port, { auth: { user: 'anybody', pass: 'x' } }).sendMail(MAIL);
    assert.equal(sandbox.messages().length, 1);
  });

  test('more than 10 MB is 552', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    const text = 'x'.repeat(11 * 1024 * 1024);
    await assert.rejects(transport(t, sandbox.smtp_port).sendMail({ ...MAIL, text }), { responseCode: 552 });
    assert.equal(sandbox.messages().length, 0);
  });
});

describe('e-mail faults', () => {
  test('code: the recipient is refused with that number, then all is well', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    sandbox.fault({ platform: 'email', fault: 'code:550', token: 'admin@example.com' });
    const send = async () => await transport(t, sandbox.smtp_port).sendMail(MAIL);
    await assert.rejects(send(), { responseCode: 550, command: 'RCPT TO' });
    await send();
    assert.equal(sandbox.messages().length, 1);
    assert.equal(sandbox.requests(), 2);
  });

  test('code of a login strikes at the login', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    sandbox.fault({ platform: 'email', fault: 'code:454' });
    const made = transport(t, sandbox.smtp_port, { auth: { user: 'u', pass: 'p' } });
    await assert.rejects(made.sendMail(MAIL), { responseCode: 454, code: 'EAUTH' });
    sandbox.fault({ platform: 'email', fault: 'code:530' });
    await assert.rejects(transport(t, sandbox.smtp_port).sendMail(MAIL), { responseCode: 530, command: 'MAIL FROM' });
  });

  test('timeout: the mail is read and never answered, until the client goes', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    sandbox.fault({ platform: 'email', fault: 'timeout' });
    const made = transport(t, sandbox.smtp_port, { socketTimeout: 300 });
    const sent = assert.rejects(made.sendMail(MAIL), /timeout/i);
    await until(() => sandbox.held() === 1);
    await sent;
    await until(() => sandbox.held() === 0);
    assert.equal(sandbox.messages().length, 0);
  });

  test('reset: the connection breaks at the end of the mail, under TLS too', LIMIT, async (t) => {
    for (const tls of ['none', 'implicit'] as const) {
      const { sandbox } = await start(t, { smtp: { tls } });
      sandbox.fault({ platform: 'email', fault: 'reset' });
      await assert.rejects(transport(t, sandbox.smtp_port, { secure: tls === 'implicit' }).sendMail(MAIL));
      assert.equal(sandbox.messages().length, 0);
      await transport(t, sandbox.smtp_port, { secure: tls === 'implicit' }).sendMail(MAIL);
      assert.equal(sandbox.messages().length, 1);
    }
  });

  test('slow: the mail is there at once, the answer after that time', LIMIT, async (t) => {
    const { sandbox, clock } = await start(t);
    sandbox.fault({ platform: 'email', fault: 'slow:2000' });
    let settled = false;
    const sent = transport(t, sandbox.smtp_port)
      .sendMail(MAIL)
      .then(() => (settled = true));
    await until(() => sandbox.held() === 1);
    assert.equal(sandbox.messages().length, 1);
    clock.advance(1999);
    assert.equal(settled, false);
    clock.advance(1);
    assert.equal(await sent, true);
    await until(() => sandbox.held() === 0);
  });
});

describe('closing', () => {
  const HANDSHAKES = [
    { tls: 'implicit' },
    { tls: 'starttls' },
    { tls: 'implicit', silent: true },
    { tls: 'starttls', silent: true },
  ] as const;
  test('in the middle of a handshake, implicit or begun by STARTTLS, does no harm', LIMIT, async (t) => {
    for (const smtp of HANDSHAKES) {
      const { tls } = smtp;
      const { sandbox } = await start(t, { smtp });
      const socket = connect(sandbox.smtp_port, '127.0.0.1');
      socket.on('error', () => {});
      const closed = new Promise((resolve) => socket.once('close', resolve));
      await once(socket, 'connect');
      if (tls === 'starttls') {
        await answer(socket);
        for (const line of ['EHLO client', 'STARTTLS']) {
          socket.write(`${line}\r\n`);
          await answer(socket);
        }
      }
      // The first bytes of a ClientHello, and no more.
      socket.write(Buffer.from('160301020001', 'hex'));
      await sandbox.close();
      await closed;
      await until(() => sandbox.held() === 0);
    }
  });
});

describe('a silent mail server', () => {
  const bytes = (socket: Socket): { text: () => string } => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return { text: () => text };
  };

  test('none: no greeting', LIMIT, async (t) => {
    const { sandbox } = await start(t, { smtp: { silent: true } });
    const made = transport(t, sandbox.smtp_port, { greetingTimeout: 200 });
    await assert.rejects(made.sendMail(MAIL), /greeting/i);
  });

  test('starttls: no handshake after 220', LIMIT, async (t) => {
    const { sandbox } = await start(t, { smtp: { silent: true, tls: 'starttls' } });
    const answers = await dialogue(t, sandbox.smtp_port, ['EHLO client', 'STARTTLS']);
    assert.match(answers[1] ?? '', /250 STARTTLS/);
    assert.match(answers[2] ?? '', /^220 /);
    const made = transport(t, sandbox.smtp_port, { requireTLS: true, socketTimeout: 300 });
    await assert.rejects(made.sendMail(MAIL), /timeout/i);
  });

  test('implicit: the handshake succeeds, then nothing', LIMIT, async (t) => {
    const { sandbox } = await start(t, { smtp: { silent: true, tls: 'implicit' } });
    const socket = connectTls({ port: sandbox.smtp_port, host: '127.0.0.1', ca: SANDBOX_CERTIFICATE });
    t.after(() => socket.destroy());
    const heard = bytes(socket);
    await once(socket, 'secureConnect');
    assert.equal(socket.authorized, true);
    const made = transport(t, sandbox.smtp_port, { secure: true, greetingTimeout: 200 });
    await assert.rejects(made.sendMail(MAIL), /greeting/i);
    assert.equal(heard.text(), '');
    assert.ok(sandbox.held() >= 1);
  });

  test('its port can be taken', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    const smtp_port = sandbox.smtp_port;
    await assert.rejects(createSandbox({ smtp_port, smtp: { silent: true } }), { code: 'EADDRINUSE' });
  });

  test('connect: not even a handshake; closing lets everybody go', LIMIT, async (t) => {
    const { sandbox } = await start(t, { smtp: { silent: 'connect', tls: 'implicit' } });
    const socket = connect(sandbox.smtp_port, '127.0.0.1');
    t.after(() => socket.destroy());
    const heard = bytes(socket);
    await once(socket, 'connect');
    socket.write('hello\r\n');
    await until(() => sandbox.held() === 1);
    // Bytes that nobody read make it a reset.
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await sandbox.close();
    await closed;
    assert.equal(heard.text(), '');
    await until(() => sandbox.held() === 0);
  });
});
