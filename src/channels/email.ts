import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { defineChannel } from '../channel/channel.ts';
import { mailHtml } from '../channel/text/mail-html.ts';
import { plainText } from '../channel/text/plain-text.ts';
import { shortHash } from '../channel/short-hash.ts';
import { type SmtpError, smtpFailure } from '../channel/platform/smtp-failure.ts';

interface Payload {
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly priority: 'high' | 'normal';
}

const config = z
  .strictObject({
    // HTML's own rule: zod's refuses a host without a dot, such as root@localhost or ops@mailhost.
    email: z
      .email({ pattern: z.regexes.html5Email, error: 'expected one e-mail address' })
      .max(254)
      .meta({ description: 'The recipient’s address' }),
    smtp_host: z
      .string()
      .regex(/^[^\s/@]+$/, 'expected a host name or an IP address')
      .meta({ description: 'SMTP server' }),
    smtp_port: z.int().min(1).max(65_535).default(587),
    username: z.string().default('').meta({ description: 'Empty = no login' }),
    password: z.string().default('').meta({ secret: true, description: 'Often an app password' }),
    from: z
      .string()
      .regex(/^(?:[^<>\r\n]*<[^<>\s@]+@[^<>\s@]+>|[^<>\s@]+@[^<>\s@]+)$/, 'expected an address, or: Name <address>')
      .meta({ description: 'The sender’s address, or `Name <address>`' }),
    tls: z.enum(['auto', 'implicit', 'starttls', 'none']).default('auto').meta({
      description: 'auto: 465 implicit, 587 STARTTLS required, else STARTTLS if offered',
    }),
  })
  .refine(({ username, password }) => username === '' || password !== '', {
    path: ['password'],
    error: 'expected a password beside the username; leave both empty for a server without login',
  });
type Config = z.output<typeof config>;

/** E-mail over SMTP. Wire facts: RFC 5321, nodemailer.com. */
export default defineChannel<typeof config, Payload>({
  name: 'email',
  label: { en: 'E-mail', zh: '邮件' },
  docs: 'https://nodemailer.com/smtp/',
  config,
  list: 'recipients',
  wire: 'smtp',
  // The Message-ID is stable, and many mailboxes fold duplicates by it, but none promises to.
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: false, idempotent: false },
  limits: {
    // Ours: far below the 20 MB and more that mailboxes take, as HTML and encoding enlarge the text several times.
    size: [{ of: 'text', max: 1_000_000, unit: 'bytes' }],
    // Ours: subject lines beyond this are cut by every client.
    title: { max: 200, unit: 'chars' },
    // Ours: limits differ by provider and are not covered by any standard; one mail a second to one mailbox is much.
    rate: { per_minute: 60 },
    throttle: { base: 60, max: 600 },
  },
  credential: ({ smtp_host, smtp_port, username, email }) =>
    `${smtp_host}:${smtp_port}|${username}|${email}`.toLowerCase(),
  render: (message) => ({
    subject: message.title.replace(/\s+/g, ' ').trim(),
    text: `${plainText(message)}\n`,
    ...((message.style === 'card' || message.format === 'markdown') && { html: mailHtml(message) }),
    priority: message.level === 'error' ? 'high' : 'normal',
  }),
  async send(payload, target, io) {
    const pool = io.resource(
      poolKey(target, io.timeout_ms),
      () => openPool(target, io.timeout_ms),
      (open) => open.close(),
    );
    let begun = false;
    io.sent?.(false);
    const mail = {
      ...payload,
      from: senderOf(target.from),
      to: target.email,
      messageId: messageId(io.id, target.from),
      // RFC 3834: no out-of-office answers to a machine; the second is Exchange's word for it.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      signal: io.signal,
      [ON_BODY]() {
        begun = true;
        io.sent?.(true);
      },
    };
    try {
      await pool.sendMail(mail);
      return { ok: true };
    } catch (error) {
      // This driver does catch: only here is it known how far the dialogue had come.
      return smtpFailure(isSmtpError(error) ? error : {}, begun);
    }
  },
});

const isSmtpError = (error: unknown): error is Error & SmtpError => error instanceof Error;

/** Key of the function that is called when the server has taken DATA and the text begins to leave. */
const ON_BODY = 'onBody';

/** One pool per account. The password is part of the key, so that a changed one is used at once. */
function poolKey({ smtp_host, smtp_port, username, password, tls }: Config, timeout: number): string {
  const account = JSON.stringify([smtp_host, smtp_port, username, password, tls, timeout]);
  return createHash('sha256').update(account).digest('hex');
}

/**
 * @param timeout milliseconds of one attempt. Every phase gets twice that: our own clock ends the attempt first, and
 *   its late answer is awaited for as long again. Nodemailer's own figures would hold a connection for ten minutes.
 */
function openPool(target: Config, timeout: number) {
  const { smtp_host, smtp_port, username, password } = target;
  const phase = 2 * timeout;
  const pool = createTransport({
    pool: true,
    host: smtp_host,
    port: smtp_port,
    ...security(target),
    ...(username !== '' && { auth: { user: username, pass: password } }),
    // Nodemailer would put a mail back whose connection closed; whether to repeat is not its to decide.
    maxRequeues: 0,
    connectionTimeout: phase,
    greetingTimeout: phase,
    socketTimeout: phase,
    dnsTimeout: phase,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // The stream begins to flow when the server has answered DATA; until then nothing of the message has left.
  pool.use('stream', (mail, done) => {
    const told: unknown = Reflect.get(mail.data, ON_BODY);
    mail.message.processFunc((stream) => {
      if (typeof told === 'function') stream.once('resume', () => told());
      return stream;
    });
    done();
  });
  return pool;
}

/**
 * How the connection is secured. The password never travels in clear text, except to this machine itself or where the
 * operator wrote `tls: none`: with a username, STARTTLS is required and not merely used when offered, since whoever
 * sits in between could strike the offer out.
 */
function security({ smtp_host, smtp_port, username, tls }: Config) {
  const local = isLoopback(smtp_host);
  // A certificate proves nothing more about one's own machine, and local test servers sign their own.
  const certificate = { tls: { rejectUnauthorized: !local } };
  if (tls === 'none') return { secure: false, ignoreTLS: true };
  if (tls === 'implicit' || (tls === 'auto' && smtp_port === 465)) return { secure: true, ...certificate };
  const required = tls === 'starttls' || smtp_port === 587 || (username !== '' && !local);
  return { secure: false, requireTLS: required, ...certificate };
}

const isLoopback = (host: string) => /^(?:localhost|(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);

/** As an object, because a comma in the name would otherwise begin a second address. */
function senderOf(from: string): { name: string; address: string } {
  const [, name = '', address = from] = /^([^<]*)<([^>]+)>$/.exec(from) ?? [];
  return { name: name.trim().replace(/^"(.*)"$/, '$1'), address };
}

/** The same on every attempt; in the sender's domain, as receivers expect. */
function messageId(id: string, from: string): string {
  const domain = /@([^@>\s]+)>?$/.exec(from)?.[1] ?? 'localhost';
  return `<${shortHash(id)}@${domain}>`;
}
