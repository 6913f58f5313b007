/** One request as a `curl` command line makes it. */
export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The requests of a shell script of `curl` commands, in order: -X, -H, -d and the address are understood. */
export function curlRequests(script: string): CurlRequest[] {
  return wordsOf(script).flatMap(([program, ...words]) => (program === 'curl' ? [requestOf(words)] : []));
}

function requestOf(words: string[]): CurlRequest {
  let url = '';
  let method: string | undefined;
  let body: string | undefined;
  const headers: Record<string, string> = {};
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '-X') method = words[++i]!;
    else if (word === '-d') body = words[++i]!;
    else if (word === '-H') {
      const [name = '', value = ''] = words[++i]!.split(/:\s*(.*)/);
      headers[name] = value;
    } else if (word.startsWith('-')) throw new Error(`an option of curl that is not understood here: ${word}`);
    else url = word;
  }
  method ??= body === undefined ? 'GET' : 'POST';
  return body === undefined ? { method, url, headers } : { method, url, headers, body };
}

/** The words of each command of a POSIX shell script without expansions: quotes, `\` before a line end, comments. */
function wordsOf(script: string): string[][] {
  const commands: string[][] = [[]];
  for (const [token] of script.matchAll(/\\\n|#.*|\n|(?:'[^']*'|"[^"]*"|[^\s'"\\#])+/g)) {
    if (token === '\n') commands.push([]);
    else if (!token.startsWith('#') && token !== '\\\n')
      commands.at(-1)!.push(token.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  return commands.filter((words) => words.length > 0);
}
