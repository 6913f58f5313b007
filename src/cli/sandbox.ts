import type { Sandbox, SandboxOptions } from '../sandbox/sandbox.ts';
import { addressWords, CommandError, isAddressFault } from './fault.ts';
import { say } from './say.ts';
import { stoppedBySignal } from './stop.ts';
import { table } from './table.ts';

/**
 * Starts the stand-ins of the platforms and stays up until a signal.
 * @throws CommandError when a port is taken or a development package is missing
 */
export async function sandbox(options: { readonly host: string; readonly port: number; readonly smtp_port: number }) {
  const world = await startSandbox(options).catch((error: unknown) => {
    if (!isAddressFault(error)) throw error;
    const setting = error.port === options.smtp_port ? '--smtp-port' : '--port';
    throw new CommandError(addressWords(error, `${setting} (0 = any)`));
  });
  const stopped = stoppedBySignal(() => ({ done: world.close(), hurry: () => {} }));
  say(
    'The sandbox is up: strict stand-ins of the platforms. Nothing leaves this machine.',
    '',
    ...table(
      [
        ['Inbox', `${world.url}/`],
        ['SMTP', `${options.host}:${world.smtp_port} (no TLS, any login)`],
        ['Faults', `POST ${world.url}/_sandbox/faults  {"platform": "wechat", "fault": "http:503", "times": 3}`],
      ],
      '  ',
    ),
    '',
    `In the URL of a bot put ${world.url} for the platform’s own host:`,
    '',
    ...table(
      ORIGINS.map(([origin, path]) => [`${origin}${path}`, '→', `${world.url}${path}`]),
      '  ',
    ),
    '',
    'Any other platform finds its stand-in by its name:',
    '',
    ...table(
      NAMED.map(([platform, key, path]) => [platform, `${key}: ${world.url}${path}`]),
      '  ',
    ),
    '',
    'A webhook target may reach it once the configuration has: security: {allow_networks: ["127.0.0.1"]}',
    '',
    'Ctrl-C ends it.',
  );
  await stopped;
}

/** @throws Error with words when the package smtp-server is missing */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  // Imported only when asked for: a production install does without its packages.
  const { createSandbox } = await import('../sandbox/sandbox.ts');
  return createSandbox(options);
}

const ORIGINS: readonly (readonly [origin: string, path: string])[] = [
  ['https://open.feishu.cn', '/open-apis/bot/v2/hook/…'],
  ['https://oapi.dingtalk.com', '/robot/send?access_token=…'],
  ['https://qyapi.weixin.qq.com', '/cgi-bin/webhook/send?key=…'],
  ['https://hooks.slack.com', '/services/…/…/…'],
  ['https://discord.com', '/api/webhooks/…/…'],
  ['https://chat.example.com', '/hooks/…'],
  ['https://….powerplatform.com', '/workflows/…/triggers/manual/paths/invoke?…'],
];

const NAMED: readonly (readonly [platform: string, key: string, path: string])[] = [
  ['telegram, wecom_app …', 'base_url', '/PLATFORM'],
  ['webhook', 'url', '/webhook/NAME'],
  ['apprise', 'url', '/apprise'],
];
