import { type Bot, RECIPIENTS } from './bots.ts';

/** Where the store is, as the section `store` says it. */
export type StoreSection =
  | { readonly driver: 'sqlite'; readonly path: string }
  | { readonly driver: 'postgres'; readonly url: string; readonly lease: number };

export interface Changes {
  /** Other keys of the sections, or other recipients. */
  readonly [section: string]: { readonly [key: string]: unknown };
}

/** The configuration of a server whose platforms are the sandbox; JSON is YAML. */
export function configurationOf(sandbox: string, store: StoreSection, changes: Changes = {}): string {
  const sections: { [section: string]: object } = {
    server: { port: 0, shutdown_timeout: 2 },
    log: { output: 'stdout', format: 'text' },
    store,
    system: { notifications: [{ type: 'file', name: 'files' }], store_limit: 1e6, file_limit: 1e6, audit_interval: 2 },
    // So small that tasks wait in the store, and few enough that a digest is soon due.
    queue: { buffer_size: 200, timeout: 3, deadline: 120, failover_patience: 0.3 },
    retry: { attempts: 3, base_delay: 0.1, max_delay: 1 },
    digest: { threshold: 3, max_items: 10 },
    security: { allow_networks: ['127.0.0.1'] },
    recipients: Object.fromEntries(
      RECIPIENTS.map(({ alias, bots }) => [alias, { platforms: platformsOf(sandbox, bots) }]),
    ),
  };
  for (const [name, keys] of Object.entries(changes)) sections[name] = { ...sections[name], ...keys };
  return JSON.stringify(sections, undefined, 2);
}

export function platformsOf(sandbox: string, bots: readonly Bot[]): object {
  const platforms: Record<string, { targets: object[] }> = {};
  for (const { platform, name, rate_limit } of bots) {
    const target = { name, url: sandbox + PATHS[platform] + name, ...(rate_limit && { rate_limit }) };
    (platforms[platform] ??= { targets: [] }).targets.push(target);
  }
  return platforms;
}

const PATHS: Readonly<Record<Bot['platform'], string>> = {
  webhook: '/webhook/',
  feishu: '/open-apis/bot/v2/hook/',
  wechat: '/cgi-bin/webhook/send?key=',
};
