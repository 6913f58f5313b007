import { basic, credentialsOf, percentDecoded } from '../channel/credentials.ts';
import type { Shape } from './shape.ts';

/**
 * Every secret of the configuration, in every form in which it may turn up. The same array for the same configuration,
 * so that a redactor need not be made anew.
 */
export function secretsOf(config: { readonly secrets: readonly string[] }): readonly string[] {
  return config.secrets;
}

/** Adds every text (and number) below a key that the schema calls secret. */
export function collectSecrets(value: unknown, shape: Shape | undefined, into: Set<string>): void {
  if (shape === undefined || value === null || value === undefined) return;
  if (Array.isArray(value)) for (const item of value) collectSecrets(item, shape.item, into);
  else if (typeof value === 'object')
    for (const [key, field] of Object.entries(value)) collectSecrets(field, shape.fields?.get(key) ?? shape.each, into);
  // `proxy: "no"` is a word of ours, and every log has it.
  else if (shape.secret && (typeof value === 'string' || typeof value === 'number') && value !== '' && value !== 'no')
    into.add(`${value}`);
}

/** The parts of a URL's path that say nothing: they are the same for every customer of the platform. */
const PUBLIC_PARTS: ReadonlySet<string> = new Set([
  'open-apis',
  'webhooks',
  'services',
  'incoming',
  'messages',
  'notifications',
  'integrations',
  'workflows',
  'triggers',
]);

/**
 * The forms in which secrets may turn up in a log line or an error: the value, percent-encoded too; of a URL also its
 * path with query (what HTTP clients print), its user and password (as Basic authentication sends them too), and every
 * query value and part of the path of eight signs or more.
 */
export function formsOf(secrets: Iterable<string>): readonly string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    forms.add(secret);
    const url = /^[a-z][a-z\d+.-]*:\/\//i.test(secret) ? URL.parse(secret) : null;
    if (url === null) forms.add(encoded(secret));
    else for (const part of partsOf(url)) forms.add(part);
  }
  return [...forms];
}

function* partsOf(url: URL): Generator<string> {
  yield url.href;
  // User and database of a PostgreSQL are words such as "pushserver", which every log has.
  const isDatabase = /^postgres(ql)?:$/.test(url.protocol);
  if (!isDatabase && url.pathname.length + url.search.length > 1) yield url.pathname + url.search;
  const credentials = url.password === '' ? undefined : credentialsOf(url);
  if (credentials) yield basic(credentials).slice('Basic '.length);
  const open = isDatabase ? [] : [url.username, url.hash.slice(1), ...url.pathname.split('/')];
  const parts = [url.password, ...open];
  for (const part of url.search.slice(1).split('&')) parts.push(part.slice(part.indexOf('=') + 1));
  for (const part of parts) {
    if (part.length < 8 || PUBLIC_PARTS.has(part)) continue;
    yield part;
    yield percentDecoded(part);
  }
}

/** A lone surrogate has no encoding. */
function encoded(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : text;
}
