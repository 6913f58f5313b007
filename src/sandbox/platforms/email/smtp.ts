import type { SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import { BODY_LIMIT } from '../../body.ts';
import { SANDBOX_CERTIFICATE, SANDBOX_KEY } from '../../certificate.ts';
import type { Fault } from '../../server/faults.ts';
import type { Desk, Draft, Service, SmtpOptions } from '../../stand-in.ts';
import { openRelay, type Relay } from './relay.ts';

type Draw = (source: Buffer, envelope: { from: string; to: readonly string[] }) => Draft;

/** What has happened to the mail in hand on one connection. */
interface Hand {
  /** Due at the end of the mail. */
  faults: Fault[];
  /** Undo a hold or a wait. */
  readonly undo: Set<() => void>;
}

/** RFC 4954: the answers to a login; a fault with such a code strikes there and not at the recipient. */
const LOGIN_CODES: ReadonlySet<string> = new Set(['432', '454', '530', '534', '535', '538']);
const MOST_CLIENTS = 200;
/** Longer than any client waits, so that a held request ends by the client's own clock. */
const IDLE_MS = 600_000;
/** How long closing waits for connections that were just cut to be noticed. */
const CLOSE_MS = 1000;

/** Opens the SMTP server. @param draw makes a message of the source of a mail */
export async function listenSmtp(desk: Desk, port: number, smtp: SmtpOptions, draw: Draw): Promise<Service> {
  const { SMTPServer } = await loadPackage();
  const tls = smtp.tls ?? 'none';
  const hands = new WeakMap<SMTPServerSession, Hand>();
  const hand = (session: SMTPServerSession): Hand => {
    const found = hands.get(session) ?? { faults: [], undo: new Set() };
    hands.set(session, found);
    return found;
  };
  let relay: Relay | undefined;

  const options: SMTPServerOptions = {
    name: 'sandbox.localhost',
    logger: false,
    secure: tls === 'implicit',
    key: SANDBOX_KEY,
    cert: SANDBOX_CERTIFICATE,
    disabledCommands: tls === 'starttls' ? [] : ['STARTTLS'],
    allowInsecureAuth: tls === 'none',
    authOptional: smtp.auth === undefined,
    disableReverseLookup: true,
    size: BODY_LIMIT,
    maxClients: MOST_CLIENTS,
    socketTimeout: IDLE_MS,
    closeTimeout: CLOSE_MS,
    onAuth({ username, password }, _session, callback) {
      const code = desk.takeCode(LOGIN_CODES);
      const right = smtp.auth === undefined || (username === smtp.auth.user && password === smtp.auth.pass);
      if (code === undefined && right) return callback(null, { user: username ?? 'anybody' });
      desk.refuse(username ?? '', code ?? '535', 'Authentication credentials invalid');
      return callback(reply(code ?? '535', 'Authentication credentials invalid'));
    },
    onMailFrom(_address, session, callback) {
      hand(session).faults = [];
      if (tls === 'starttls' && !session.secure) return callback(reply('530', 'Must issue a STARTTLS command first'));
      const code = session.user === undefined ? desk.takeCode(LOGIN_CODES) : undefined;
      return callback(code === undefined ? undefined : reply(code, 'Authentication required'));
    },
    onRcptTo({ address }, session, callback) {
      const fault = desk.arrive(address.toLowerCase());
      if (fault?.kind === 'code') {
        desk.refuse(address.toLowerCase(), fault.code, '注入的故障');
        return callback(reply(fault.code, 'sandbox fault'));
      }
      if (fault !== undefined) hand(session).faults.push(fault);
      return callback();
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        if (!stream.sizeExceeded) chunks.push(chunk);
      });
      stream.on('end', () => {
        if (stream.sizeExceeded) return callback(reply('552', 'Message exceeds fixed maximum message size'));
        return settle(session, Buffer.concat(chunks), callback);
      });
    },
    onClose(session) {
      for (const undo of hand(session).undo) undo();
    },
  };

  function settle(session: SMTPServerSession, source: Buffer, callback: (error?: Error | null) => void): void {
    const { faults, undo } = hand(session);
    const struck = (kind: Fault['kind']): boolean => faults.some((fault) => fault.kind === kind);
    const to = session.envelope.rcptTo.map(({ address }) => address.toLowerCase());
    const fatal = struck('reset') ? 'reset' : struck('timeout') ? 'timeout' : undefined;
    if (fatal !== undefined) for (const mailbox of to) desk.refuse(mailbox, fatal, '注入的故障');
    if (fatal === 'reset') return relay?.reset(session.remotePort);
    if (fatal === 'timeout') return void undo.add(desk.hold());
    const from = session.envelope.mailFrom;
    const draft = draw(source, { from: from === false ? '' : from.address, to });
    for (const mailbox of to) desk.keep(mailbox, draft);
    const wait = Math.max(0, ...faults.map((fault) => (fault.kind === 'slow' ? fault.ms : 0)));
    if (wait === 0) return callback();
    const release = desk.hold();
    const cancel = desk.clock.after(wait, () => {
      release();
      callback();
    });
    undo.add(release).add(cancel);
  }

  const server = new SMTPServer(options);
  // A client that hangs up or fails the handshake is its own affair.
  server.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const close = async (): Promise<void> => {
    await relay?.close();
    await new Promise<void>((resolve) => server.close(resolve));
  };
  const address = server.server.address();
  try {
    relay = await openRelay(desk.host, port, typeof address === 'object' && address !== null ? address.port : 0);
  } catch (error) {
    await close();
    throw error;
  }
  return { port: relay.port, close };
}

async function loadPackage(): Promise<typeof import('smtp-server')> {
  try {
    return await import('smtp-server');
  } catch (cause) {
    throw new Error('The sandbox needs the package smtp-server, a devDependency: run `npm ci` without --omit=dev', {
      cause,
    });
  }
}

/** smtp-server answers with the number it finds in `responseCode`. */
const reply = (code: string, text: string): Error => Object.assign(new Error(text), { responseCode: Number(code) });
