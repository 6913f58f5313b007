import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { addCommand, wholeNumber } from './command.ts';

interface SendFlags {
  readonly type?: string;
  readonly strategy?: string;
  readonly platform?: string;
  readonly style?: string;
  readonly format?: string;
  readonly field: readonly { readonly name: string; readonly value: string }[];
  readonly link?: string;
  readonly priority?: number;
  readonly expires?: number;
  readonly key?: string;
  readonly wait?: number | true;
  readonly json?: boolean;
  readonly url?: string;
  readonly token?: string;
}

/** Where `serve` listens by default. */
const SERVER = 'http://127.0.0.1:8080';

/** Seconds that a bare `--wait` waits: the default life of a task. */
const LONGEST_WAIT = 900;

/** @param ended told whether the message was accepted and, if it was waited for, reached somebody */
export function addSend(program: Command, ended: (ok: boolean) => void): void {
  addCommand(
    program,
    'send',
    ['push one message through a running server'],
    [
      'send ops_alert "磁盘告警" "/data 使用率 91%" --type warning',
      'send ops_alert "Deployed" "v2.3.1" --strategy all --style card --wait',
      'df -h | pushserver send ops_alert "Disk report" - --platform email',
      'send ops_alert "Down" "web-03" --type error --url https://push.example.com   # PUSHSERVER_TOKEN=… in the environment',
    ],
  )
    .argument('<alias>', 'the recipient')
    .argument('<title>', 'the title')
    .addArgument(new Argument('<message>', 'the text; - reads it from standard input'))
    .addOption(new Option('-t, --type <type>', 'level of the message').choices(['info', 'warning', 'error']))
    .addOption(
      new Option('-s, --strategy <strategy>', 'default failover').choices([
        'all',
        'failover',
        'webhook_failover',
        'mixed',
      ]),
    )
    .option('-p, --platform <platform>', 'this platform only; the strategy does not matter then')
    .addOption(new Option('--style <style>', 'default text').choices(['text', 'card']))
    .addOption(new Option('--format <format>', 'of the message').choices(['text', 'markdown']))
    .option('-f, --field <name=value>', 'a field of the message; may be repeated', addField, [])
    .option('--link <url>', 'where to read on')
    .option('--priority <0-9>', '9 is highest', wholeNumber(0, 9))
    .option('--expires <seconds>', 'give up after', wholeNumber(1, 86_400))
    .option('--key <key>', 'idempotency key: the same key twice is one push')
    .option('-w, --wait [seconds]', `wait for the end, at most this long (${LONGEST_WAIT})`, wholeNumber(1, 86_400))
    .option('--json', 'print the answer of the server as it is')
    .option('--url <url>', `of the server (${SERVER}); or PUSHSERVER_URL in the environment`)
    .option('--token <token>', 'better in the environment: PUSHSERVER_TOKEN')
    .action(async (alias: string, title: string, msg: string, flags: SendFlags) => {
      const [{ send }, { environment }] = await Promise.all([import('./send.ts'), import('../config.ts')]);
      const env = environment();
      const sent = await send({
        server: {
          url: flags.url || env['PUSHSERVER_URL'] || SERVER,
          token: flags.token || env['PUSHSERVER_TOKEN'] || undefined,
        },
        push: pushOf(alias, { title, msg }, flags),
        wait: flags.wait === true ? LONGEST_WAIT : flags.wait,
        json: flags.json ?? false,
      });
      ended(sent);
    });
}

/** What was not said is left to the server. */
function pushOf(alias: string, content: { readonly title: string; readonly msg: string }, flags: SendFlags) {
  return {
    recipient_alias: alias,
    type: flags.type,
    strategy: flags.strategy,
    platform: flags.platform,
    style: flags.style,
    priority: flags.priority,
    expires_in: flags.expires,
    idempotency_key: flags.key,
    content: {
      ...content,
      format: flags.format,
      url: flags.link,
      ...(flags.field.length > 0 && { fields: flags.field }),
    },
  };
}

function addField(text: string, fields: SendFlags['field']): SendFlags['field'] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  return [...fields, { name: text.slice(0, at), value: text.slice(at + 1) }];
}
