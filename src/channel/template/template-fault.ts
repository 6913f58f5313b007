import { hint } from '../nearest.ts';

/** Row and column in a template, from 1. */
export type Place = readonly [row: number, column: number];

/** What is wrong with a template, for whoever wrote it. Never quotes the text around it, which may hold secrets. */
export interface TemplateFault {
  readonly message: string;
  readonly at?: Place;
}

/** The fault in one line: `what is wrong (line 1, column 5)`. */
export const faultText = ({ message, at }: TemplateFault): string =>
  at === undefined ? message : `${message} (line ${at[0]}, column ${at[1]})`;

/** What liquidjs found, in our words. */
export function liquidFault(
  error: unknown,
  known: { readonly filters: readonly string[]; readonly tags: readonly string[] },
): TemplateFault {
  const said = error instanceof Error ? error.message : String(error);
  const match = /^(.*?), (?:file:.*, )?line:(\d+), col:(\d+)$/s.exec(said);
  const message = inWords(match?.[1] ?? said, known);
  return match === null ? { message } : { message, at: [Number(match[2]), Number(match[3])] };
}

/** Filters of other programs under the name that Liquid has for them. */
const OTHER_FILTERS: Readonly<Record<string, string>> = {
  html: 'is "escape" in Liquid',
  inspect: 'is "json" here',
  js: 'is "json" in Liquid',
  jsonQuote: 'is "json" in Liquid',
  jsonify: 'is "json" here',
  length: 'is "size" in Liquid',
  lower: 'is "downcase" in Liquid',
  raw: 'is not available: an output is always written so that it cannot break what stands around it',
  toJson: 'is "json" in Liquid',
  tojson: 'is "json" in Liquid',
  trim: 'is "strip" in Liquid',
  upper: 'is "upcase" in Liquid',
  urlencode: 'is "url_encode" in Liquid',
  urlquery: 'is "url_encode" in Liquid',
};

function inWords(said: string, { filters, tags }: Parameters<typeof liquidFault>[1]): string {
  const filter = /^undefined filter: (.*)$/s.exec(said)?.[1];
  if (filter !== undefined && Object.hasOwn(OTHER_FILTERS, filter))
    return `the filter "${filter}" ${OTHER_FILTERS[filter]}`;
  if (filter !== undefined) return `unknown filter "${filter}"${hint(filter, filters)}`;
  const tag = /^tag "(\S*)" not found$/.exec(said)?.[1];
  if (tag?.startsWith('end') === true) return `{% ${tag} %} ends nothing that was begun`;
  if (tag !== undefined) return `the tag "${tag}" is not available here${hint(tag, tags)}`;
  if (said.startsWith('parse length')) return 'it is longer than 65,536 characters';
  if (said.endsWith('limit exceeded')) return 'it takes too much time or memory; make its loops shorter';
  const open = /^(output|tag|raw) .* not closed$/s.exec(said)?.[1];
  if (open === 'output') return 'an output is not closed: }} is missing';
  if (open === 'raw') return '{% raw %} is not closed: {% endraw %} is missing';
  // Without a name: the end of the block is missing, or that of the tag itself.
  if (open === 'tag') return 'a tag is not closed: %} or its {% end… %} is missing';
  // liquidjs quotes the text from here on.
  return `it cannot be read as Liquid: ${said.replace(/\s*"(?:[^"\\]|\\.){3,}"/gs, '').replace(/^illegal tag: .*$/s, 'illegal tag')}`;
}
