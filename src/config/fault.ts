/** Where a value stands: the keys of mappings (text) and the indices of lists (numbers, from 0), outermost first. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with the configuration. Never holds a value that may be secret. */
export interface Fault {
  /** Line in the file, from 1; or the name of the environment variable that set the value. */
  readonly where?: number | string | undefined;
  readonly path: Path;
  readonly message: string;
}

/** More than this many lines help nobody; the rest is counted. */
const MOST_LINES = 100;

/** The configuration cannot be used. The message is for people: one line per fault, all faults at once. */
export class ConfigError extends Error {
  readonly faults: readonly Fault[];
  constructor(file: string, faults: readonly Fault[]) {
    const lines = faults.toSorted(byPlace).map((fault) => lineOf(file, fault));
    const shown = [...new Set(lines)];
    const rest = shown.length - MOST_LINES;
    super([...shown.slice(0, MOST_LINES), ...(rest > 0 ? [`${file}: and ${rest} more faults`] : [])].join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** `recipients["Team.A"].platforms.feishu.webhooks[0].url`: readable, and unambiguous for aliases with dots. */
export function pathText(path: Path): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[\p{L}\p{N}_$-]+$/u.test(step)) return `[${JSON.stringify(step)}]`;
      return i === 0 ? step : `.${step}`;
    })
    .join('');
}

function lineOf(file: string, { where, path, message }: Fault): string {
  const place = typeof where === 'string' ? `environment ${where}` : where === undefined ? file : `${file}:${where}`;
  return path.length === 0 ? `${place}: ${message}` : `${place} ${pathText(path)}: ${message}`;
}

function byPlace(a: Fault, b: Fault): number {
  return lineNumber(a) - lineNumber(b);
}

function lineNumber({ where }: Fault): number {
  return typeof where === 'number' ? where : Number.MAX_SAFE_INTEGER;
}
