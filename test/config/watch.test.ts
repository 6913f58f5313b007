import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { loadConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { watchConfig } from '../../src/config/watch.ts';
import type { Watch } from '../../src/config/watch.ts';
import { channels } from './kit.ts';

interface Rig {
  readonly folder: string;
  readonly file: string;
  readonly changes: Config[];
  readonly errors: unknown[];
  /** Resolves once the operating system has reported a change; then the quiet time is over at once. */
  readonly reported: () => Promise<void>;
  readonly start: () => Watch;
}

function rig(t: TestContext): Rig {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-watch-'));
  const file = join(folder, 'config.yaml');
  const changes: Config[] = [];
  const errors: unknown[] = [];
  let pending: (() => void) | undefined;
  let woken: (() => void) | undefined;
  let watch: Watch | undefined;
  t.after(() => {
    watch?.close();
    rmSync(folder, { recursive: true });
  });
  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      woken = resolve;
      if (pending !== undefined) resolve();
    });
  return {
    folder,
    file,
    changes,
    errors,
    async reported() {
      const before = changes.length + errors.length;
      // A change may be reported in several steps, of which the first ones need not concern the file.
      while (changes.length + errors.length === before) {
        await wait();
        const run = pending;
        pending = undefined;
        run?.();
      }
    },
    start() {
      watch = watchConfig({
        file,
        load: () => loadConfig({ file, env: {}, channels }),
        onChange: (config) => changes.push(config),
        onError: (error) => errors.push(error),
        clock: {
          after: (_ms, fn) => {
            pending = fn;
            woken?.();
            return () => {
              if (pending === fn) pending = undefined;
            };
          },
        },
      });
      return watch;
    },
  };
}

describe('watchConfig', () => {
  test('a changed file is loaded; an invalid one is an error, and the next valid one is loaded again', async (t) => {
    const { file, changes, errors, reported, start } = rig(t);
    writeFileSync(file, 'fit: {max_parts: 1}');
    start();
    writeFileSync(file, 'fit: {max_parts: 22}');
    await reported();
    assert.equal(changes[0]?.fit.max_parts, 22);
    writeFileSync(file, 'fit: {max_prts: 333}');
    await reported();
    assert.match(String(errors[0]), /fit\.max_prts: unknown key; did you mean "max_parts"\?/);
    writeFileSync(file, 'fit: {max_parts: 4444}');
    await reported();
    assert.equal(changes[1]?.fit.max_parts, 4444);
    assert.equal(errors.length, 1);
  });

  test('an editor’s rename is seen', async (t) => {
    const { folder, file, changes, reported, start } = rig(t);
    writeFileSync(file, 'fit: {max_parts: 1}');
    start();
    for (const parts of [2, 3]) {
      writeFileSync(join(folder, 'config.yaml.tmp'), `fit: {max_parts: ${parts}}`);
      renameSync(join(folder, 'config.yaml.tmp'), file);
      await reported();
      assert.equal(changes.at(-1)?.fit.max_parts, parts);
    }
  });

  test('the swapped symbolic link of a Kubernetes ConfigMap is seen', async (t) => {
    const { folder, file, changes, reported, start } = rig(t);
    for (const [name, parts] of [
      ['..1', 1],
      ['..2', 2],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'config.yaml'), `fit: {max_parts: ${parts}}`);
    }
    symlinkSync('..1', join(folder, '..data'));
    symlinkSync(join('..data', 'config.yaml'), file);
    start();
    symlinkSync('..2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await reported();
    assert.equal(changes.at(-1)?.fit.max_parts, 2);
  });

  test('a file that is a link into another folder is seen to change there', async (t) => {
    const { folder, file, changes, reported, start } = rig(t);
    mkdirSync(join(folder, 'elsewhere'));
    const real = join(folder, 'elsewhere', 'real.yaml');
    writeFileSync(real, 'fit: {max_parts: 1}');
    symlinkSync(real, file);
    start();
    writeFileSync(real, 'fit: {max_parts: 22}');
    await reported();
    assert.equal(changes.at(-1)?.fit.max_parts, 22);
  });

  test('reload reads at once, changed or not', (t) => {
    const { file, changes, errors, start } = rig(t);
    writeFileSync(file, '{}');
    const watch = start();
    watch.reload();
    assert.equal(changes.length, 1);
    rmSync(file);
    watch.reload();
    assert.match(String(errors[0]), /there is no such file/);
  });

  test('a folder that is not there is an error, and reload still works', () => {
    const errors: unknown[] = [];
    const changes: number[] = [];
    const watch = watchConfig({
      file: join(tmpdir(), 'pushserver-no-such-folder', 'config.yaml'),
      load: () => 1,
      onChange: (config) => changes.push(config),
      onError: (error) => errors.push(error),
      clock: { after: () => () => {} },
    });
    watch.reload();
    watch.close();
    assert.equal(errors.length, 1);
    assert.deepEqual(changes, [1]);
  });
});
