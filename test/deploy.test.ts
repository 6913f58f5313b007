import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { load, YAML11_SCHEMA } from 'js-yaml';
import { loadChannels } from '../src/channel/registry.ts';
import { parseConfig } from '../src/config.ts';
import { ConfigError } from '../src/config/fault.ts';
import { SECTIONS } from '../src/config/schema.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
/** With `<<`, as Compose reads it. */
const yaml = (path: string) => load(read(path), { schema: YAML11_SCHEMA });

const channels = await loadChannels();
const api = JSON.parse(read('openapi.json')) as {
  readonly paths: Readonly<Record<string, { readonly get?: { readonly parameters?: readonly Parameter[] } }>>;
};
interface Parameter {
  readonly name: string;
  readonly schema: { readonly maximum?: number };
}

const SERVER = SECTIONS.server.parse({});
const dockerfile = read('Dockerfile');
const port = Number(/^EXPOSE (\d+)$/m.exec(dockerfile)![1]);
/** The folders that the image's own user may write to. */
const volumes = JSON.parse(/^VOLUME (.+)$/m.exec(dockerfile)![1]!) as string[];
const writable = volumes.filter((path) => path !== '/app/config');

/** Below `/app`, the working directory of the image. */
const inImage = (path: string) => `/app/${path}`;

test('the image has a folder for everything that the server writes by itself', () => {
  const { path } = SECTIONS.store.parse({});
  const { file_path } = SECTIONS.log.parse({});
  const folders = [path.split('/')[0]!, file_path.split('/')[0]!, 'notifications'];
  assert.deepEqual(writable.toSorted(), folders.map(inImage).toSorted());
  const [, made, owned] = /mkdir -p (.+) && chown node:node (.+)$/m.exec(dockerfile)!;
  assert.deepEqual(
    [made, owned].map((list) => list!.split(' ').toSorted()),
    [folders.toSorted(), folders.toSorted()],
  );
  for (const folder of folders) assert.match(read('.gitignore'), new RegExp(`^${folder}/`, 'm'));
});

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly restart: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly stop_grace_period?: string;
}

describe('docker-compose.yml', () => {
  const text = read('docker-compose.yml');
  const compose = yaml('docker-compose.yml') as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  };
  const { services } = compose;
  const all = Object.entries(services);
  const replicas = all.filter(([, { profiles, build }]) => profiles?.includes('cluster') && build !== undefined);
  const servers = all.filter(([, { build }]) => build !== undefined);

  test('without a profile there is the single server, and it needs nothing else', () => {
    assert.deepEqual(
      all.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name),
      ['pushserver'],
    );
    assert.equal(services['pushserver']!.depends_on, undefined);
    assert.equal(services['pushserver']!.environment!['PUSHSERVER_STORE__DRIVER'], undefined);
  });

  test('the profile cluster has two replicas, PostgreSQL, and nginx in front', () => {
    assert.equal(replicas.length, 2);
    const names = replicas.map(([name]) => name);
    const others = all.filter(([name, { profiles }]) => profiles?.includes('cluster') && !names.includes(name));
    assert.deepEqual(
      others.map(([, { image }]) => image.split(':')[0]),
      ['postgres', 'nginx'],
    );
    assert.deepEqual(services['nginx']!.depends_on, names);
    for (const [, { depends_on }] of replicas)
      assert.deepEqual(depends_on, { postgres: { condition: 'service_healthy' } });
  });

  for (const [name, service] of all) {
    test(`${name} starts again by itself and is asked for its health`, () => {
      assert.equal(service.restart, 'unless-stopped');
      assert.ok(service.healthcheck.test.length > 1);
      const [, path] = /http:\/\/127\.0\.0\.1:8080(\/\w+)/.exec(service.healthcheck.test.join(' ')) ?? [];
      if (name === 'postgres') assert.equal(service.healthcheck.test[1], 'pg_isready');
      else assert.ok(api.paths[path!]?.get, path);
    });

    test(`what is mounted into ${name} is a file of this project or a named volume`, () => {
      for (const mount of service.volumes) {
        const source = mount.split(':')[0]!;
        if (source.startsWith('./')) {
          assert.ok(existsSync(join(ROOT, source)), source);
          assert.match(mount, /:ro$/);
        } else assert.ok(Object.hasOwn(compose.volumes, source), source);
      }
    });
  }

  test('every named volume is used, and by one service only', () => {
    const used = all.flatMap(([, service]) => service.volumes.map((mount) => mount.split(':')[0]!));
    const named = used.filter((source) => !source.startsWith('./'));
    assert.deepEqual(named.toSorted(), Object.keys(compose.volumes).toSorted());
  });

  for (const [name, service] of servers) {
    test(`${name} may write to the folders of the image, and to nothing else`, () => {
      assert.equal(service.read_only, true);
      assert.deepEqual(service.cap_drop, ['ALL']);
      const targets = service.volumes.map((mount) => mount.split(':')[1]!);
      const given = [...targets, ...(service.tmpfs ?? [])].filter((path) => path !== '/tmp');
      assert.deepEqual(given.toSorted(), volumes.toSorted());
    });

    test(`${name} is given longer to stop than it takes`, () => {
      assert.ok(Number(/^(\d+)s$/.exec(service.stop_grace_period!)![1]) > SERVER.shutdown_timeout);
    });

    test(`the environment of ${name} is accepted over the example configuration`, () => {
      const given = { PUSHSERVER_TOKEN: 'a-token-of-a-test', PUSHSERVER_DATABASE_PASSWORD: 'a1b2c3d4' };
      const config = parseConfig(read('config/config.yaml.example'), {
        file: 'config/config.yaml',
        env: { ...imageEnvironment(), ...interpolated(service.environment!, given) },
        channels,
      });
      const replica = replicas.some(([other]) => other === name);
      assert.equal(config.store.driver, replica ? 'postgres' : 'memory');
      assert.equal(config.server.trust_proxy, replica);
      assert.equal(config.server.port, port);
      if (!replica) return;
      const url = new URL(config.store.url!);
      const database = services['postgres']!.environment!;
      assert.deepEqual(
        [url.hostname, url.username, url.password, url.pathname],
        ['postgres', database['POSTGRES_USER'], given.PUSHSERVER_DATABASE_PASSWORD, `/${database['POSTGRES_DB']}`],
      );
    });
  }

  test('the replicas differ in their log and their notices only', () => {
    const [one, two] = replicas.map(([, service]) => service);
    const numbered = one!.volumes.map((mount) => mount.replace('-1:', '-2:'));
    assert.deepEqual({ ...one, volumes: numbered }, two);
    assert.notDeepEqual(one, two);
  });

  test('has no password, and asks nothing of those who want the single server but a token', () => {
    assert.equal(services['postgres']!.environment!['POSTGRES_PASSWORD'], '${PUSHSERVER_DATABASE_PASSWORD:-}');
    for (const [, { environment = {} }] of all)
      for (const [key, value] of Object.entries(environment))
        if (/PASSWORD|TOKEN$|URL/.test(key)) assert.match(value, /\$\{\w+:(?:-|\?[^}]+)\}/, key);
    // Compose fills in the whole file before it looks at profiles.
    const asked = [...text.replaceAll(/^ *#.*$/gm, '').matchAll(/\$\{(\w+):\?/g)].map(([, variable]) => variable);
    assert.deepEqual(asked, ['PUSHSERVER_TOKEN']);
  });

  test('nothing listens beyond this machine, and only the single server and nginx are published', () => {
    const published = all.flatMap(([name, { ports = [] }]) => ports.map((where) => [name, where]));
    assert.deepEqual(
      published.map(([name]) => name),
      ['pushserver', 'nginx'],
    );
    for (const [, where] of published) assert.match(where!, /^127\.0\.0\.1:\d+:8080$/);
  });

  describe('nginx.conf', () => {
    const conf = directivesOf(read('deploy/nginx.conf'));
    const [http] = blocks(conf, 'http');
    const [server] = blocks(http!, 'server');
    const locations = new Map(
      blocks(server!, 'location').map((block) => [block.words.slice(1).join(' '), block.body!]),
    );

    test('is where nginx looks for it', () => {
      assert.ok(services['nginx']!.volumes.includes('./deploy/nginx.conf:/etc/nginx/nginx.conf:ro'));
    });

    test('every location leads to the two replicas', () => {
      const [upstream, ...others] = blocks(http!, 'upstream');
      assert.deepEqual(others, []);
      assert.deepEqual(
        valuesOf(upstream!.body!, 'server').map(([address]) => address),
        replicas.map(([name]) => `${name}:${port}`),
      );
      const passes = [...locations].filter(([name]) => name !== '@fault');
      for (const [, body] of passes) assert.deepEqual(valuesOf(body, 'proxy_pass'), [[`http://${upstream!.words[1]}`]]);
      assert.deepEqual(valuesOf(server!.body!, 'listen'), [['8080']]);
    });

    test('waits for a long poll', () => {
      const [path, { get }] = Object.entries(api.paths).find(([name]) => name.startsWith('/api/v1/task/'))!;
      const longest = get!.parameters!.find(({ name }) => name === 'wait')!.schema.maximum!;
      const location = [...locations.keys()].findLast((name) => path.startsWith(name))!;
      assert.ok(secondsOf(locations.get(location)!, 'proxy_read_timeout') > longest + 5);
    });

    test('a POST that was sent is repeated with an Idempotency-Key only', () => {
      const repeats = [...locations].filter(([, body]) => JSON.stringify(body).includes('non_idempotent'));
      assert.deepEqual(
        repeats.map(([name]) => name),
        ['@keyed'],
      );
      const [usual] = valuesOf(server!.body!, 'proxy_next_upstream');
      assert.deepEqual(usual, ['error', 'timeout', 'invalid_header']);
      const [keyed] = blocks(http!, 'map').filter(({ words }) => words[2] === '$keyed');
      assert.equal(keyed!.words[1], '$http_idempotency_key');
      assert.deepEqual(valuesOf(keyed!.body!, 'default'), [['']]);
      assert.deepEqual(
        [...locations].flatMap(([name, body]) => blocks({ body }, 'if').map(({ words }) => [name, ...words.slice(1)])),
        [['/api/v1/push', '($keyed)']],
      );
    });

    test('tells the server who asks, in its own words only', () => {
      const headers = new Map(valuesOf(server!.body!, 'proxy_set_header').map(([name, value]) => [name, value]));
      assert.equal(headers.get('X-Forwarded-For'), '$remote_addr');
      // A location with headers of its own would inherit none.
      for (const [, body] of locations) assert.deepEqual(valuesOf(body, 'proxy_set_header'), []);
    });

    test('lets bodies through that the server takes', () => {
      const [[most] = []] = valuesOf(http!.body!, 'client_max_body_size');
      assert.ok(Number.parseInt(most!, 10) * 1024 * 1024 > SERVER.body_limit);
    });
  });
});

interface Labels {
  readonly [name: string]: string;
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Labels };
}
interface Deployment extends Manifest {
  readonly spec: {
    readonly replicas: number;
    readonly selector: { readonly matchLabels: Labels };
    readonly template: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly topologySpreadConstraints: readonly { readonly labelSelector: { readonly matchLabels: Labels } }[];
        readonly securityContext: { readonly runAsNonRoot: boolean; readonly runAsUser: number };
        readonly containers: readonly {
          readonly image: string;
          readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
          readonly startupProbe: Probe;
          readonly readinessProbe: Probe;
          readonly livenessProbe: Probe;
          readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
          readonly resources: Readonly<Record<'requests' | 'limits', { readonly memory: string }>>;
          readonly securityContext: {
            readonly readOnlyRootFilesystem: boolean;
            readonly allowPrivilegeEscalation: boolean;
            readonly capabilities: { readonly drop: readonly string[] };
          };
          readonly volumeMounts: readonly Mount[];
        }[];
        readonly volumes: readonly Volume[];
      };
    };
  };
}
interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}
interface Volume {
  readonly name: string;
  readonly emptyDir?: unknown;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
}

describe('deploy/kubernetes', () => {
  const at = (name: string) => `deploy/kubernetes/${name}`;
  const deployment = yaml(at('deployment.yaml')) as Deployment;
  const service = yaml(at('service.yaml')) as Manifest & {
    readonly spec: { readonly selector: Labels; readonly ports: readonly { readonly targetPort: string }[] };
  };
  const budget = yaml(at('poddisruptionbudget.yaml')) as Manifest & {
    readonly spec: { readonly minAvailable: number; readonly selector: { readonly matchLabels: Labels } };
  };
  const configMap = yaml(at('configmap.yaml')) as Manifest & { readonly data: { readonly 'config.yaml': string } };
  const secret = yaml(at('secret.yaml.example')) as Manifest & {
    readonly stringData: Readonly<Record<string, string>>;
  };
  const kustomization = yaml(at('kustomization.yaml')) as {
    readonly resources: readonly string[];
    readonly images: readonly { readonly name: string }[];
  };
  const { spec, metadata } = deployment.spec.template;
  const container = spec.containers[0]!;

  const folder = mkdtempSync(join(tmpdir(), 'pushserver-deploy-'));
  after(() => rmSync(folder, { recursive: true }));

  /** The server's own reading of the ConfigMap, with these values in the files of the Secret. */
  function configWith(values: Readonly<Record<string, string>>): ReturnType<typeof parseConfig> {
    for (const [name, value] of Object.entries(values)) writeFileSync(join(folder, name), value);
    const text = configMap.data['config.yaml'].replaceAll(secretFolder(), `${folder.replaceAll('\\', '/')}/`);
    return parseConfig(text, { file: 'config.yaml', env: imageEnvironment(), channels });
  }

  /** Where the Deployment puts the Secret. */
  function secretFolder(): string {
    const volume = spec.volumes.find((one) => one.secret?.secretName === secret.metadata.name)!;
    return `${container.volumeMounts.find(({ name }) => name === volume.name)!.mountPath}/`;
  }

  test('kustomization.yaml names every manifest but the Secret, and sets the image', () => {
    const manifests = readdirSync(join(ROOT, at(''))).filter((name) => name.endsWith('.yaml'));
    // A secret.yaml is the operator's own.
    const rest = manifests.filter((name) => name !== 'kustomization.yaml' && name !== 'secret.yaml');
    assert.deepEqual(kustomization.resources.toSorted(), rest.toSorted());
    assert.deepEqual(
      kustomization.images.map(({ name }) => name),
      [container.image],
    );
  });

  test('selectors find the pods of the Deployment', () => {
    const selectors = [
      deployment.spec.selector.matchLabels,
      service.spec.selector,
      budget.spec.selector.matchLabels,
      ...spec.topologySpreadConstraints.map((one) => one.labelSelector.matchLabels),
    ];
    assert.ok(selectors.length > 3);
    for (const selector of selectors) {
      assert.ok(Object.keys(selector).length > 0);
      for (const [name, value] of Object.entries(selector)) assert.equal(metadata.labels[name], value);
    }
  });

  test('there are two replicas, and one is left when machines are drained', () => {
    assert.equal(deployment.spec.replicas, 2);
    assert.equal(budget.spec.minAvailable, 1);
  });

  test('probes ask what the API has, on the port of the image', () => {
    const { startupProbe, readinessProbe, livenessProbe, ports } = container;
    assert.equal(readinessProbe.httpGet.path, '/ready');
    assert.equal(livenessProbe.httpGet.path, '/health');
    for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe]) {
      assert.ok(api.paths[httpGet.path]?.get, httpGet.path);
      assert.equal(ports.find(({ name }) => name === httpGet.port)!.containerPort, port);
    }
    assert.equal(service.spec.ports[0]!.targetPort, ports[0]!.name);
  });

  test('the server may stop in its own time', () => {
    const pause = Number(container.lifecycle.preStop.exec.command[1]);
    const { shutdown_timeout } = configWith(SECRETS).server;
    // Sinks of the last line are given up to six seconds more.
    assert.ok(spec.terminationGracePeriodSeconds > pause + shutdown_timeout + 6);
  });

  test('the pod runs as the user of the image, without rights, and writes to its own folders only', () => {
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.equal(spec.securityContext.runAsUser, 1000);
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert.equal(container.securityContext.allowPrivilegeEscalation, false);
    assert.deepEqual(container.securityContext.capabilities.drop, ['ALL']);
    assert.ok(container.resources.requests.memory && container.resources.limits.memory);
    const open = container.volumeMounts.filter(({ readOnly }) => readOnly !== true);
    // All but the file of the store `sqlite`.
    assert.deepEqual(
      open.map(({ mountPath }) => mountPath),
      writable.filter((path) => path !== '/app/data'),
    );
    for (const { name } of open) assert.ok(spec.volumes.find((volume) => volume.name === name)!.emptyDir, name);
  });

  test('every volume is mounted, and comes from where it says', () => {
    assert.deepEqual(
      spec.volumes.map(({ name }) => name),
      container.volumeMounts.map(({ name }) => name),
    );
    const config = spec.volumes.find((volume) => volume.configMap)!;
    assert.equal(config.configMap!.name, configMap.metadata.name);
    assert.equal(container.volumeMounts.find(({ name }) => name === config.name)!.mountPath, '/app/config');
  });

  test('the configuration is accepted, with the values of the Secret', () => {
    const config = configWith(SECRETS);
    assert.equal(config.store.driver, 'postgres');
    assert.equal(config.store.url, SECRETS.store_url);
    assert.equal(config.auth.tokens.length, 1);
    assert.ok(config.recipients.size > 0);
  });

  test('every secret of the configuration is a file of the Secret, and the other way round', () => {
    const lines = configMap.data['config.yaml'].split('\n').map((line) => line.trim());
    const files = lines.flatMap((line) => /_file: "(.+)"$/.exec(line)?.[1] ?? []);
    assert.deepEqual(files.map((path) => basename(path)).toSorted(), Object.keys(secret.stringData).toSorted());
    for (const path of files) assert.equal(path, secretFolder() + basename(path));
    assert.deepEqual(
      lines.filter((line) => /(?:url|secret|token|password)\w*(?<!_file): /.test(line)),
      [],
    );
    assert.deepEqual(Object.keys(SECRETS).toSorted(), Object.keys(secret.stringData).toSorted());
  });

  test('the server does not start with the placeholders of the Secret', () => {
    assert.throws(
      () => configWith(secret.stringData),
      (error) => {
        assert.ok(error instanceof ConfigError);
        for (const key of ['token', 'store.url', 'feishu.webhooks[0].url']) assert.ok(error.message.includes(key), key);
        return true;
      },
    );
    for (const value of Object.values(secret.stringData)) assert.match(value, /^REPLACE ME/);
  });

  test('links of its README lead somewhere', () => {
    const links = [...read(at('README.md')).matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!);
    assert.deepEqual(
      links.filter((link) => !existsSync(join(ROOT, at(link)))),
      [],
    );
  });
});

const SECRETS = {
  store_url: 'postgres://pushserver:a1b2c3d4@db.example.com:5432/pushserver',
  token: 'a-token-of-a-test',
  feishu_url: 'https://open.feishu.cn/open-apis/bot/v2/hook/00000000-0000-4000-8000-000000000000',
  feishu_secret: 'a-secret-of-a-test',
};

describe('deploy/pushserver.service', () => {
  const unit = read('deploy/pushserver.service');
  const all = (key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value!);

  test('may write where the server does: its working directory, and the log', () => {
    const [home] = all('WorkingDirectory');
    const log = all('Environment').flatMap((line) => /^PUSHSERVER_LOG__FILE_PATH=(.+)$/.exec(line)?.[1] ?? [])[0]!;
    assert.equal(home, `/var/lib/${all('StateDirectory')[0]}`);
    assert.ok(log.startsWith(`/var/log/${all('LogsDirectory')[0]}/`));
    const [open] = all('ReadWritePaths').map((line) => line.split(' '));
    assert.deepEqual(open, [home, `/var/log/${all('LogsDirectory')[0]}`]);
  });

  test('is given longer to stop than it takes', () => {
    assert.ok(Number(all('TimeoutStopSec')[0]) > SERVER.shutdown_timeout);
  });
});

/** The variables that the Dockerfile sets. */
function imageEnvironment(): Record<string, string> {
  const lines = [...dockerfile.matchAll(/^ENV (.+)$/gm)].flatMap(([, line]) => line!.split(' '));
  return Object.fromEntries(lines.map((entry) => entry.split('=') as [string, string]));
}

/** As Compose does it. */
function interpolated(
  environment: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([key, value]) => [
      key,
      value.replaceAll(/\$\{(\w+):[^}]*\}/g, (_all, name: string) => given[name] ?? ''),
    ]),
  );
}

/** One directive of nginx: its words, and what stands between its braces. */
interface Directive {
  readonly words: readonly string[];
  readonly body?: readonly Directive[];
}
type Body = Pick<Directive, 'body'>;

/** Reads a configuration of nginx; fails where it is cut off or has a brace too many. */
function directivesOf(text: string): Body {
  const tokens = text.match(/#.*|'[^']*'|[{};]|[^\s{};'#]+/g)!.filter((token) => !token.startsWith('#'));
  let next = 0;
  const body = block(0);
  return { body };

  function block(depth: number): Directive[] {
    const found: Directive[] = [];
    let words: string[] = [];
    for (;;) {
      const token = tokens[next++];
      if (token === undefined || token === '}') {
        assert.deepEqual([words, token === undefined], [[], depth === 0], 'a directive without its end');
        return found;
      }
      if (token === ';' || token === '{') {
        assert.notEqual(words.length, 0, `nothing before ${token}`);
        found.push(token === ';' ? { words } : { words, body: block(depth + 1) });
        words = [];
      } else words.push(token.replaceAll(/^'|'$/g, ''));
    }
  }
}

function blocks({ body = [] }: Body, name: string): Directive[] {
  return body.filter((one) => one.words[0] === name && one.body !== undefined);
}

/** What stands behind each directive of that name. */
function valuesOf(body: readonly Directive[], name: string): string[][] {
  return body.filter((one) => one.words[0] === name).map((one) => one.words.slice(1));
}

function secondsOf(body: readonly Directive[], name: string): number {
  return Number(/^(\d+)s$/.exec(valuesOf(body, name)[0]![0]!)![1]);
}
