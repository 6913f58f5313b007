import type { Failure } from '../../model.ts';
import type { CodeRule } from '../classify.ts';
import { rule } from '../rule.ts';

/** What Nodemailer says of a failed send. */
export interface SmtpError {
  readonly code?: string;
  /** The code before Nodemailer put its own in place, such as ECONNREFUSED. */
  readonly originalCode?: string;
  readonly responseCode?: number;
  readonly response?: string;
  /** The command that was answered: `CONN`, `AUTH PLAIN`, `MAIL FROM`, `RCPT TO`, `DATA` … */
  readonly command?: string;
}

/**
 * The verdict on a failed mail: by the server's number first, then by Nodemailer's code.
 * Sources: RFC 5321 section 4.2, RFC 4954 section 6, nodemailer `errors`.
 * @param begun the server had taken DATA and the text had begun to leave: without an answer, it may have arrived
 */
export function smtpFailure(error: SmtpError, begun: boolean): Failure {
  const { code = 'ESMTP', originalCode, responseCode } = error;
  const found = RULES.find((line) => line.when(error));
  const line: CodeRule = found ?? (responseCode === undefined ? NETWORK : responseCode < 500 ? BUSY : REFUSED);
  // Nobody answered, so nobody knows.
  const unknown = begun && responseCode === undefined && (line.kind === 'unavailable' || code === 'EABORT');
  return {
    ok: false,
    kind: unknown ? 'unknown' : line.kind,
    code: responseCode === undefined ? (originalCode ?? code) : String(responseCode),
    message: responseCode === undefined ? `邮件发送失败（${originalCode ?? code}）` : `邮件服务器应答 ${reason(error)}`,
    remedy: unknown ? MAY_HAVE_ARRIVED.remedy : line.remedy,
    ...(line.pause !== undefined && { retry_after: line.pause }),
    ...(line.max_retries !== undefined && { max_retries: line.max_retries }),
  };
}

/** Longest piece of a server's answer that is kept, in characters. */
const REASON_LENGTH = 120;

/** The server's words without addresses and links: they name people and mailboxes. */
function reason({ response = '', responseCode }: SmtpError): string {
  const said = response.replace(/\s+/g, ' ').replace(/\S*@\S*|https?:\S*/g, '…');
  return (said === '' ? String(responseCode) : said).slice(0, REASON_LENGTH);
}

const NETWORK = rule(
  'unavailable',
  '无法连接邮件服务器：检查 smtp_host、smtp_port、本机网络、DNS 与防火墙（25 端口常被云厂商封禁，可改用 465 或 587）',
  'The mail server cannot be reached: check smtp_host, smtp_port, network, DNS and firewall (clouds often block port 25; use 465 or 587).',
);
const MAY_HAVE_ARRIVED = rule(
  'unknown',
  '邮件已开始传输但没有收到应答：先到收件箱确认是否已收到，再决定是否重发',
  'The mail had begun to leave and no answer came: look in the mailbox before sending it again.',
);
const CERTIFICATE = rule(
  'unavailable',
  '与邮件服务器的 TLS 握手失败：检查 tls 与 smtp_port 是否匹配（465 用 implicit，587 用 starttls）、证书是否有效且与 smtp_host 一致',
  'The TLS handshake failed: check that tls fits smtp_port (465 implicit, 587 starttls) and that the certificate is valid for smtp_host.',
  { max_retries: 2 },
);
const NO_TLS = rule(
  'unauthorized',
  '邮件服务器不支持 STARTTLS，密码未发送：改用 465 端口（tls: implicit）；仅在可信内网中可设 tls: none',
  'The server offers no STARTTLS, so the password was not sent: use port 465 (tls: implicit); tls: none only on a trusted network.',
);
const LOGIN = rule(
  'unauthorized',
  '邮箱登录失败：检查 username 与 password；多数邮箱要用「授权码」或应用专用密码，并先开启 SMTP 服务',
  'Login failed: check username and password; most providers want an app password and SMTP access switched on.',
);
const BUSY = rule(
  'unavailable',
  '邮件服务器暂时无法接收，自动重试后仍未成功',
  'The mail server cannot take the mail just now; automatic retries did not outlast it.',
);
const THROTTLED = rule(
  'rate_limited',
  '发信过快被邮件服务器限流，通道已自动暂停；若常见，请调低该目标的 rate_limit',
  'The mail server throttles: the lane pauses by itself. If it happens often, lower this target’s rate_limit.',
);
const GREYLISTED = rule(
  'rate_limited',
  '收件方启用了灰名单，数分钟后自动重发；若常见，请收件方将发信服务器加入白名单',
  'The recipient’s server greylists: the mail is sent again in some minutes. Ask it to allow-list this sender.',
  { pause: 300 },
);
const QUOTA = rule(
  'rate_limited',
  '该账号的发信额度已用完，一小时后再试：提升额度或换用其他发信账号',
  'The account’s sending quota is used up; tried again in an hour. Raise it or use another account.',
  { pause: 3600 },
);
const NO_MAILBOX = rule(
  'invalid',
  '收件地址被拒：检查 email 是否拼写正确、邮箱是否存在或已满',
  'The recipient was refused: check the spelling of email, and that the mailbox exists and is not full.',
);
const SENDER = rule(
  'invalid',
  '发件人被拒：from 通常须与 username 为同一邮箱或其已验证的别名',
  'The sender was refused: from must usually be the mailbox of username or one of its verified aliases.',
);
const TOO_LARGE = rule(
  'invalid',
  '邮件过大或收件箱已满：缩短内容，或清理收件箱',
  'The mail is too large or the mailbox is full: shorten the text or clear the mailbox.',
);
const REFUSED = rule(
  'invalid',
  '邮件被拒收（多为反垃圾策略）：检查发件域名的 SPF、DKIM、DMARC，发信 IP 信誉与邮件内容',
  'The mail was refused, mostly by a spam policy: check SPF, DKIM and DMARC of the sender’s domain, the IP’s reputation and the text.',
);
const BROKEN = rule(
  'unavailable',
  '与邮件服务器的对话异常：确认 smtp_port 是 SMTP 端口，且中间没有会改写邮件的防火墙或杀毒软件',
  'The dialogue with the server broke: make sure smtp_port is an SMTP port and no firewall rewrites the dialogue.',
  { max_retries: 1 },
);
const SETTINGS = rule(
  'invalid',
  '邮件配置有误：检查 from 与 email 是否为有效地址',
  'The mail settings are wrong: check that from and email are valid addresses.',
);
const CUT_OFF = rule(
  'unavailable',
  '发送被中断，自动重试后仍未成功',
  'The send was cut off; automatic retries did not outlast it.',
);

const isTls = ({ originalCode = '' }: SmtpError) =>
  /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO/.test(originalCode);
const says = (error: SmtpError, pattern: RegExp) => pattern.test(error.response ?? '');
const within = (error: SmtpError, low: number, high: number) =>
  error.responseCode !== undefined && error.responseCode >= low && error.responseCode <= high;

/**
 * The first line that applies holds. Throttling comes before the numbers: some providers say it with a 5yz, and a
 * greylisted mail (4yz, to be repeated after 5 to 30 minutes) would use its retries up within seconds.
 */
const RULES: readonly (CodeRule & { readonly when: (error: SmtpError) => boolean })[] = [
  { ...NO_TLS, when: (e) => e.code === 'ETLS' && within(e, 500, 599) },
  { ...NO_TLS, when: (e) => e.command === 'EHLO' && within(e, 500, 599) },
  { ...LOGIN, when: (e) => [530, 534, 535, 538].includes(e.responseCode ?? 0) },
  { ...LOGIN, when: (e) => /^E(?:NO)?AUTH$|^EOAUTH2$/.test(e.code ?? '') && !within(e, 400, 499) },
  {
    ...QUOTA,
    when: (e) => within(e, 400, 599) && says(e, /\b[45]\.4\.5\b|daily.{0,40}(?:limit|quota)|sending (?:limit|quota)/i),
  },
  { ...GREYLISTED, when: (e) => within(e, 450, 451) && says(e, /gr[ea]y-?list|\b4\.7\.1\b/i) },
  {
    ...THROTTLED,
    when: (e) =>
      within(e, 400, 599) && says(e, /too many (?!recipients)|too fast|\brate\b.{0,20}limit|throttl|frequency|频率/i),
  },
  { ...BUSY, when: (e) => within(e, 400, 499) },
  { ...TOO_LARGE, when: (e) => e.responseCode === 552 },
  { ...SENDER, when: (e) => within(e, 500, 599) && e.command === 'MAIL FROM' },
  { ...NO_MAILBOX, when: (e) => within(e, 500, 599) && e.command === 'RCPT TO' },
  { ...NO_MAILBOX, when: (e) => e.responseCode === 551 || e.responseCode === 553 },
  { ...REFUSED, when: (e) => within(e, 500, 599) },
  { ...CERTIFICATE, when: (e) => e.code === 'ETLS' || isTls(e) },
  { ...BROKEN, when: (e) => e.code === 'EPROTOCOL' || e.code === 'ESTREAM' },
  {
    ...SETTINGS,
    when: (e) => /^E(?:ENVELOPE|MESSAGE|CONFIG|REQUIRETLS|FILEACCESS|URLACCESS|MAXRECIPIENTS)$/.test(e.code ?? ''),
  },
  { ...CUT_OFF, when: (e) => e.code === 'EABORT' },
];
