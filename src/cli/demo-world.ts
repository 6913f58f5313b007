import { fileURLToPath } from 'node:url';
import { type App, createApp } from '../app.ts';
import type { Channel } from '../channel/channel.ts';
import { systemClock } from '../clock.ts';
import { parseConfig } from '../config.ts';
import { loadCatalogue } from '../config/channels.ts';
import { readText } from '../config/file.ts';
import type { Sandbox, SandboxOptions } from '../sandbox/sandbox.ts';
import { isAddressFault } from './fault.ts';
import { startSandbox } from './sandbox.ts';

export interface DemoWorld {
  readonly sandbox: Sandbox;
  readonly app: App;
  /** Of the server. */
  readonly url: string;
  /** Where the demo's notices are written, beside the real ones. */
  readonly notifications: string;
  readonly log: string;
}

const FILE = fileURLToPath(new URL('../../config/demo.yaml', import.meta.url));

/** As they stand in it. */
const PORT = 9000;
const SMTP_PORT = 9025;
const NOTIFICATIONS = 'notifications/demo';

/** A fault that outlasts every demo. */
const ALWAYS = 1_000_000;

/** The bots of config/demo.yaml as the platforms know them; `demo-dba` has another secret there. */
const BOTS: NonNullable<SandboxOptions['bots']> = [
  { platform: 'feishu', token: 'demo-ops-duty', secret: 'demo-secret-of-the-duty-bot', name: '值班机器人' },
  { platform: 'feishu', token: 'demo-ops-spare', secret: 'demo-secret-of-the-spare-bot', name: '备用机器人' },
  { platform: 'feishu', token: 'demo-dba', secret: 'the-secret-as-feishu-shows-it', name: '密钥错误的机器人' },
  { platform: 'feishu', token: 'demo-release-dev', secret: 'demo-secret-of-the-dev-bot', name: '研发群' },
  { platform: 'feishu', token: 'demo-release-qa', secret: 'demo-secret-of-the-qa-bot', name: '测试群' },
  { platform: 'dingtalk', token: 'demo-ops', secret: 'SECdemo-secret-of-the-dingtalk-bot', name: '告警机器人' },
  { platform: 'dingtalk', token: 'demo-release', name: '发布机器人' },
  { platform: 'dingtalk', token: 'demo-night', name: '夜班机器人' },
  { platform: 'wechat', token: 'demo-ops', name: '告警群' },
  { platform: 'wechat', token: 'demo-dba', name: '数据库群' },
  { platform: 'wechat', token: 'demo-business', name: '业务群' },
];

/** Starts the sandbox and the server of the demo, on free ports where the usual ones are taken. */
export async function startDemo(): Promise<DemoWorld> {
  const sandbox = await sandboxSomewhere({ port: PORT, smtp_port: SMTP_PORT });
  sandbox.fault({ platform: 'dingtalk', fault: 'http:503', times: ALWAYS });
  try {
    return { sandbox, ...(await serverSomewhere(sandbox)) };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

async function sandboxSomewhere(ports: { readonly port: number; readonly smtp_port: number }): Promise<Sandbox> {
  try {
    return await startSandbox({ ...ports, bots: BOTS });
  } catch (error) {
    if (!isTaken(error)) throw error;
    if (error.port === ports.port) return sandboxSomewhere({ ...ports, port: 0 });
    if (error.port === ports.smtp_port) return sandboxSomewhere({ ...ports, smtp_port: 0 });
    throw error;
  }
}

async function serverSomewhere(sandbox: Sandbox): Promise<Omit<DemoWorld, 'sandbox'>> {
  const { channels } = await loadCatalogue(readText(FILE), { file: FILE, env: {} });
  try {
    return await server(sandbox, channels, {});
  } catch (error) {
    if (!isTaken(error)) throw error;
    return server(sandbox, channels, { PUSHSERVER_SERVER__PORT: '0' });
  }
}

/** The environment of the process does not count here: the demo is the same everywhere. */
async function server(
  sandbox: Sandbox,
  channels: ReadonlyMap<string, Channel>,
  overrides: Readonly<Record<string, string>>,
): Promise<Omit<DemoWorld, 'sandbox'>> {
  const text = readText(FILE).replaceAll(`http://127.0.0.1:${PORT}`, sandbox.url);
  const env = { ...overrides, PUSHSERVER_EMAIL__SMTP_PORT: String(sandbox.smtp_port) };
  const config = parseConfig(text, { file: FILE, env, channels });
  const app = await createApp({ config, channels, clock: systemClock, notifications: NOTIFICATIONS });
  try {
    const { url } = await app.listen();
    return { app, url, notifications: NOTIFICATIONS, log: config.log.file_path };
  } catch (error) {
    await app.stop().done;
    throw error;
  }
}

/** EACCES: Windows reserves ranges of ports that nobody may use. */
function isTaken(error: unknown): error is Error & { readonly port?: number } {
  return isAddressFault(error) && ['EADDRINUSE', 'EACCES'].includes(error.code);
}
