import type { Channel } from '../channel/channel.ts';
import { type Config, environment, loadConfig } from '../config.ts';
import { type Catalogue, loadCatalogue } from '../config/channels.ts';
import { readText } from '../config/file.ts';
import { strictestAccountRates, strictestRates } from '../delivery/rates.ts';
import type { Group, RateLimit, Recipient, Target } from '../model.ts';
import { brokenLines } from './broken-lines.ts';
import { paint } from './paint.ts';
import { plansOf } from './plan-words.ts';
import { say } from './say.ts';
import { table } from './table.ts';

/**
 * Prints what each alias of a configuration resolves to. Nothing is sent and nothing is written.
 * @param file path of the configuration
 * @throws ConfigError that names every fault
 */
export async function check(file: string): Promise<void> {
  const catalogue = await loadCatalogue(readText(file), { file, env: environment() });
  const config = loadConfig({ file, env: environment(), channels: catalogue.channels });
  say(paint('good', `${file} is valid`), '', ...configLines(config, catalogue));
}

/** What a configuration comes to. No secrets: targets are known by their names. */
export function configLines(config: Config, { channels, own, broken }: Catalogue): string[] {
  const recipients = [...config.recipients.values()];
  const groups = recipients.flatMap((recipient) => recipient.groups);
  const targets = groups.flatMap((group) => group.targets);
  const enabled = groups.flatMap((group) => group.targets.filter((target) => isEnabled(group, target)));
  const limits = limitsOf(recipients, channels);
  return [
    ...table([
      ['listens on', listening(config)],
      ['last line', lastLine(config)],
      ['recipients', `${recipients.length} with ${targets.length} targets, ${enabled.length} of them enabled`],
      ...(config.channels.path.length === 0 ? [] : [['own channels', own.join(', ') || 'none']]),
    ]),
    ...(broken.length === 0 ? [] : ['', ...brokenLines(broken)]),
    ...recipients.flatMap((recipient) => ['', ...recipientLines(recipient, limits)]),
  ];
}

function recipientLines(recipient: Recipient, limits: (target: Target) => string): string[] {
  const { alias, name, groups } = recipient;
  const rows = groups.flatMap((group) =>
    group.targets.map((target) => [group.platform, target.name, enabledWord(group, target), limits(target)]),
  );
  const quiet = (words: readonly string[]) => words.map((word) => paint('quiet', word));
  return [
    `${paint('loud', alias)}  ${name}`,
    ...(rows.length === 0 ? [] : table([quiet(['platform', 'target', 'enabled', 'limit']), ...rows], '  ')),
    ...table([quiet(['strategy', 'plan']), ...plansOf(recipient)], '  '),
  ];
}

function listening({ server, auth }: Config): string {
  const where = server.unix_socket === undefined ? `${server.host}:${server.port}` : `unix:${server.unix_socket}`;
  if (auth.tokens.length === 0)
    return `${where}; ${auth.allow_anonymous ? 'everybody may push (auth.allow_anonymous)' : 'no tokens, so for this machine only'}`;
  const tokens = auth.tokens.map(({ name, scopes }) => `${name} (${scopes.join(', ')})`);
  return `${where}; tokens: ${tokens.join(', ')}`;
}

function lastLine({ system }: Config): string {
  if (!system.enabled) return 'the notification store only (system.enabled is false)';
  const sinks = system.notifications.filter((entry) => entry.enabled).map(({ type, name }) => `${type} (${name})`);
  return sinks.length === 0 ? 'the notification store only (no sink is enabled)' : sinks.join(', ');
}

const isEnabled = (group: Group, target: Target): boolean => group.enabled && target.enabled;

function enabledWord(group: Group, target: Target): string {
  if (!group.enabled) return 'no (the platform)';
  return target.enabled ? 'yes' : 'no';
}

/** The limits that hold, and with whom they are shared: the same bot under two aliases is one lane, and an account may have many. */
function limitsOf(
  recipients: readonly Recipient[],
  channels: ReadonlyMap<string, Channel>,
): (target: Target) => string {
  const rates = strictestRates(recipients, channels);
  const accounts = strictestAccountRates(recipients, channels);
  const all = recipients.flatMap(({ groups }) => groups.flatMap((group) => group.targets));
  const lanes = Map.groupBy(all, (target) => target.lane);
  return (target) => {
    const rate = rates.get(target.lane);
    if (target.platform === 'system' || rate === undefined) return '-';
    const twins = lanes.get(target.lane)!.filter((other) => other !== target);
    const shared = twins.map((other) => `${other.alias}/${other.platform}/${other.name}`);
    const account = accounts.get(target.account ?? '');
    return [
      rateWords(rate),
      ...(account === undefined ? [] : [`; account: ${rateWords(account)}`]),
      ...(shared.length === 0 ? [] : [`, shared with ${shared.join(', ')}`]),
    ].join('');
  };
}

const SPANS = ['day', 'hour', 'minute', 'second'] as const;

function rateWords(rate: RateLimit): string {
  if (rate === 'off') return 'off';
  return SPANS.flatMap((span) => {
    const count = rate[`per_${span}`];
    return count === undefined ? [] : [`${count} ${span === 'hour' ? 'an' : 'a'} ${span}`];
  }).join(', ');
}
