import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { wordsOf } from './fault.ts';

// The commands are imported when they are called: help and a mistyped word are answered at once.

const PACKAGE = new URL('../../package.json', import.meta.url);

const FAILED = 1;
const MISUSED = 2;

/**
 * Runs one command line.
 * @param words what follows the program's name
 * @returns the exit code: 0, 1 = it failed, 2 = it was called wrongly
 */
export async function runCommand(words: readonly string[]): Promise<number> {
  const exit = { code: 0 };
  try {
    await createProgram((ok) => void (exit.code = ok ? 0 : FAILED)).parseAsync(words, { from: 'user' });
    return exit.code;
  } catch (error) {
    // commander has printed its own words, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
    process.stderr.write(`${wordsOf(error)}\n`);
    return FAILED;
  }
}

/** @param ended told by commands that can fail in an orderly way how it went */
function createProgram(ended: (ok: boolean) => void): Command {
  const program = new Command('pushserver')
    .description('A push server: name a recipient and a strategy, and hear truthfully what became of the message.')
    .version(versionOf(PACKAGE), '-V, --version')
    .exitOverride()
    .showHelpAfterError('(--help shows how it is called)')
    .addHelpText('after', examples(...EXAMPLES));

  command(
    program,
    'serve',
    ['run the server', 'until SIGTERM or SIGINT; SIGHUP or a changed file reloads the configuration'],
    ['serve', 'serve --config /etc/pushserver/config.yaml', 'PUSHSERVER_SERVER__PORT=9090 pushserver serve'],
  )
    .addOption(configOption())
    .action(async ({ config }: { config: string }) => (await import('./serve.ts')).serve(config));

  command(
    program,
    'check',
    ['check the configuration', 'print what each alias resolves to, or every fault with its line'],
    ['check', 'check --config config/demo.yaml'],
  )
    .addOption(configOption())
    .action(async ({ config }: { config: string }) => (await import('./check.ts')).check(config));

  command(
    program,
    'test',
    ['test the targets', 'send one message to each enabled one and print how it was taken; records no task'],
    ['test', 'test ops_alert', 'test ops_alert --platform feishu --config config/config.yaml'],
  )
    .argument('[alias]', 'only this recipient')
    .option('-p, --platform <platform>', 'only this platform')
    .addOption(configOption())
    .action(async (alias: string | undefined, { config, platform }: { config: string; platform?: string }) => {
      const { testTargets } = await import('./test-targets.ts');
      ended(await testTargets({ config, alias, platform }));
    });

  addSend(program, ended);

  command(
    program,
    'demo',
    [
      'see it all at work',
      'start sandbox and server on config/demo.yaml, push samples through all strategies, stay up',
    ],
    ['demo', 'demo --once'],
  )
    .option('--once', 'end after the samples')
    .action(async ({ once = false }: { once?: boolean }) => (await import('./demo.ts')).demo(once));

  command(
    program,
    'sandbox',
    ['run local stand-ins of the platforms, with an inbox page'],
    ['sandbox', 'sandbox --port 9100 --smtp-port 9125'],
  )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'of the stand-ins and the inbox; 0 = any', portOf, 9000)
    .option('--smtp-port <port>', 'of the mail server; 0 = any', portOf, 9025)
    .action(async ({ host, port, smtpPort }: { host: string; port: number; smtpPort: number }) => {
      const { sandbox } = await import('./sandbox.ts');
      await sandbox({ host, port, smtp_port: smtpPort });
    });
  return program;
}

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

function addSend(program: Command, ended: (ok: boolean) => void): void {
  command(
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

function command(
  program: Command,
  name: string,
  [summary, more]: readonly [string, string?],
  lines: readonly string[],
): Command {
  return program
    .command(name)
    .summary(summary)
    .description(more === undefined ? summary : `${summary}: ${more}`)
    .addHelpText('after', examples(...lines));
}

const EXAMPLES = [
  'demo                         # everything at once, nothing to configure',
  'check                        # is config/config.yaml right?',
  'test ops_alert               # do its bots take a message?',
  'serve',
  'send ops_alert "标题" "内容" --wait',
];

/** `npm run pushserver -- …` is the same as `pushserver …`. */
function examples(...lines: readonly string[]): string {
  const shown = lines.map((line) => (line.includes('pushserver ') ? `  ${line}` : `  pushserver ${line}`));
  return ['', 'Examples:', ...shown].join('\n');
}

function versionOf(file: URL): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function configOption(): Option {
  return new Option('-c, --config <file>', 'the configuration').default('config/config.yaml');
}

const portOf = wholeNumber(0, 65_535);

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

function addField(text: string, fields: SendFlags['field']): SendFlags['field'] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  return [...fields, { name: text.slice(0, at), value: text.slice(at + 1) }];
}
