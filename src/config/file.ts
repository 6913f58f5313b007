import { readFileSync } from 'node:fs';
import { ConfigError } from './fault.ts';

/** The text of the configuration file. Throws a ConfigError of one line when it cannot be read. */
export function readText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    throw new ConfigError(file, [{ path: [], message: whyUnreadable(file, error) }]);
  }
}

function whyUnreadable(file: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `there is no such file; copy the example to begin with: cp config/config.yaml.example ${file}`,
    EACCES: 'the file may not be read by this user',
    EISDIR: 'this is a folder, not a file',
    ERR_ENCODING_INVALID_ENCODED_DATA: 'the file is not UTF-8 text (was it saved as GBK or UTF-16?)',
  };
  return reasons[code] ?? `the file cannot be read (${code || String(error)})`;
}
