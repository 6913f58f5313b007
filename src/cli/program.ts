import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { addCommand, examples, wholeNumber } from './command.ts';
import { wordsOf } from './fault.ts';
import { addSend } from './send-command.ts';

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

  addCommand(
    program,
    'serve',
    ['run the server', 'until SIGTERM or SIGINT; SIGHUP or a changed file reloads the configuration'],
    ['serve', 'serve --config /etc/pushserver/config.yaml', 'PUSHSERVER_SERVER__PORT=9090 pushserver serve'],
  )
    .addOption(configOption())
    .action(async ({ config }: { config: string }) => (await import('./serve.ts')).serve(config));

  addCommand(
    program,
    'check',
    ['check the configuration', 'print what each alias resolves to, or every fault with its line'],
    ['check', 'check --config config/demo.yaml'],
  )
    .addOption(configOption())
    .action(async ({ config }: { config: string }) => (await import('./check.ts')).check(config));

  addCommand(
    program,
    'migrate',
    ['bring the tables of the store up to date', 'every start does so too; nothing else is changed'],
    ['migrate', 'migrate --config /etc/pushserver/config.yaml'],
  )
    .addOption(configOption())
    .action(async ({ config }: { config: string }) => (await import('./migrate.ts')).migrate(config));

  addCommand(
    program,
    'test',
    ['test the targets', 'send one message to each enabled one and print how it was taken; records no task'],
    ['test', 'test ops_alert', 'test ops_alert --platform feishu --config config/config.yaml'],
  )
    .argument('[alias]', 'only this recipient')
    .option('-p, --platform <platform>', 'only this platform')
    .addOption(configOption())
    .action(async (alias: string | undefined, { config, platform }: { config: string; platform?: string }) => {
      const { tryTargets } = await import('./trial.ts');
      ended(await tryTargets({ config, alias, platform }));
    });

  addSend(program, ended);

  addCommand(
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

  addCommand(
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

const EXAMPLES = [
  'demo                         # everything at once, nothing to configure',
  'check                        # is config/config.yaml right?',
  'test ops_alert               # do its bots take a message?',
  'serve',
  'send ops_alert "标题" "内容" --wait',
];

function versionOf(file: URL): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function configOption(): Option {
  return new Option('-c, --config <file>', 'the configuration').default('config/config.yaml');
}

const portOf = wholeNumber(0, 65_535);
