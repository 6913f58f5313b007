import { firstColour, levelOfColour, levelOfMarks } from '../level.ts';
import { look } from '../look.ts';
import { defineStandIn, type Draft, type Level } from '../stand-in.ts';
import { readMail } from './email/mail.ts';
import { listenSilent } from './email/silent.ts';
import { listenSmtp } from './email/smtp.ts';

/** A mail server that keeps everything. The token of a mail is the mailbox: the recipient's address in lower case. */
export default defineStandIn(() => ({
  name: 'email',
  label: '邮件',
  colour: '#8458e8',
  failure: (code) => (/^[45]\d\d$/.test(code) ? { body: code } : undefined),
  serve: async (desk, { smtp, smtp_port: port }) =>
    smtp.silent === undefined || smtp.silent === false
      ? await listenSmtp(desk, port, smtp, draw)
      : await listenSilent(desk, port, smtp),
}));

/** RFC 2156 `Importance` and the older `X-Priority`. */
const IMPORTANCE: Readonly<Record<string, Level>> = { high: 'error', '1': 'error', '2': 'warning', low: 'info' };

function draw(source: Buffer, envelope: { from: string; to: readonly string[] }): Draft {
  const mail = readMail(source);
  const header = (name: string): string => mail.headers.get(name)?.split(/[\s(]/)[0]?.toLowerCase() ?? '';
  const colour = firstColour(mail.html ?? '');
  const level =
    levelOfMarks(mail.subject) ??
    levelOfColour(colour) ??
    IMPORTANCE[header('importance')] ??
    IMPORTANCE[header('x-priority')];
  return {
    kind: 'mail',
    style: 'mail',
    title: mail.subject,
    text: mail.text,
    format: 'text',
    ...look(level, colour),
    mail: {
      from: mail.from || envelope.from,
      to: mail.to.length > 0 ? mail.to : envelope.to,
      ...(mail.html === undefined ? {} : { html: mail.html }),
    },
    raw: source.toString('utf8'),
  };
}
