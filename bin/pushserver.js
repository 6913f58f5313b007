#!/usr/bin/env node
// Plain JavaScript that old versions of Node can read: finds a Node that runs src/main.ts as it is, and hands over.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'src', 'main.ts');
const require = createRequire(import.meta.url);

/** From this version on Node runs the TypeScript of this program directly, and has all it uses. */
const NEEDED = [24, 18];

const MISPLACED =
  'PushServer runs from a folder of its own, not from node_modules, where Node reads no TypeScript.\n' +
  'Clone or unpack it somewhere else, then there: npm ci && npm start';

run(candidates());

/** @param {string[]} nodes paths of programs, the best first */
function run([node, ...others]) {
  if (node === undefined) return fail(missingNode());
  if (root.split(sep).includes('node_modules')) return fail(MISPLACED);
  if (!isInstalled('commander')) return fail(`the packages are not installed; run: cd ${root} && npm ci`);
  if (node === realpathSync(process.execPath)) return void import(pathToFileURL(main).href);
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'].filter(
    (name) => process.platform !== 'win32' || name !== 'SIGQUIT',
  );
  const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  for (const name of forwarded) process.on(name, forward);
  child.once('error', () => {
    for (const name of forwarded) process.off(name, forward);
    // Not made for this system (musl, another processor).
    run(others);
  });
  child.once('exit', (code, signal) => {
    for (const name of forwarded) process.off(name, forward);
    if (signal === null) process.exitCode = code;
    // The caller sees the same end as if there were nobody in between.
    else process.kill(process.pid, signal);
  });
}

/** @returns {string[]} the pinned Node, then the one that runs this file, if it is new enough */
function candidates() {
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const pinned = [
    pathIn(`node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`, join('bin', file)),
    join(root, 'node_modules', '.bin', file),
  ];
  const found = pinned.filter((path) => path !== undefined && existsSync(path)).map((path) => realpathSync(path));
  return [...new Set([...found, ...(isNew(process.versions.node) ? [realpathSync(process.execPath)] : [])])];
}

/** @returns {string | undefined} a file of an installed package, wherever npm has put it */
function pathIn(name, file) {
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), file);
  } catch {
    return undefined;
  }
}

function isInstalled(name) {
  return (require.resolve.paths(name) ?? []).some((folder) => existsSync(join(folder, name, 'package.json')));
}

function isNew(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

function missingNode() {
  const { optionalDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const system = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const needed = `PushServer needs Node.js ${NEEDED.join('.')} or newer, this is ${process.versions.node}`;
  const own = 'install a newer one from https://nodejs.org';
  return `node-${system}` in optionalDependencies
    ? `${needed}, and the one it brings along is not installed or does not run here.\nEither: cd ${root} && npm ci\nor ${own}`
    : `${needed}, and it brings none along for ${system}: ${own}`;
}

function fail(words) {
  process.stderr.write(`pushserver: ${words}\n`);
  process.exitCode = 1;
}
