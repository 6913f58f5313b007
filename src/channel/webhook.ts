import { z } from 'zod';

/**
 * The URL of a bot as the operator wrote it: it carries the credential, so the whole of it is a secret. `http` is
 * allowed for stand-ins and gateways in one's own network.
 */
export const webhookUrl = () =>
  z.url({ protocol: /^https?$/, error: 'expected the http or https URL of the bot' }).meta({
    secret: true,
    description: 'URL of the bot, as the platform shows it; it is a credential',
  });

/**
 * One spelling of a bot's URL, for telling whether two targets are the same bot.
 * @param ignored query parameters that do not belong to the credential
 */
export function webhookKey(url: string, ...ignored: string[]): string {
  const key = new URL(url);
  key.hash = '';
  for (const name of ignored) key.searchParams.delete(name);
  key.searchParams.sort();
  key.pathname = key.pathname.replace(/\/+$/, '');
  return key.href;
}
