import { realpathSync, statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../model.ts';

export interface WatchOptions<C> {
  readonly file: string;
  /** Reads and validates the file whole; throws a ConfigError. */
  readonly load: () => C;
  readonly onChange: (config: C) => void;
  /** The file is invalid (the old configuration stays), or it cannot be watched (then only `reload` works). */
  readonly onError: (error: unknown) => void;
  readonly clock: Pick<Clock, 'after'>;
  /** Milliseconds without a change before the file is read: editors write in several steps. */
  readonly quiet_ms?: number;
}

export interface Watch {
  /** Reads the file now, changed or not (SIGHUP). */
  reload(): void;
  close(): void;
}

/**
 * Calls `onChange` with the new configuration whenever the file has changed and is valid. Watches the folder, not the
 * file, so that an editor's rename and the swapped symbolic link of a Kubernetes ConfigMap are seen; if the file is a
 * link into another folder, that folder too. Where no change is reported (some network drives and container mounts)
 * `reload` is the way.
 */
export function watchConfig<C>({ file, load, onChange, onError, clock, quiet_ms = 200 }: WatchOptions<C>): Watch {
  let seen = stampOf(file);
  let cancel: (() => void) | undefined;
  const watchers = foldersOf(file).flatMap((folder) => open(folder));

  return {
    reload,
    close() {
      cancel?.();
      for (const watcher of watchers) watcher.close();
    },
  };

  function reload(): void {
    cancel?.();
    seen = stampOf(file);
    let config: C;
    try {
      config = load();
    } catch (error) {
      onError(error);
      return;
    }
    onChange(config);
  }

  function soon(): void {
    cancel?.();
    cancel = clock.after(quiet_ms, () => {
      // Another file of the folder changed.
      if (stampOf(file) !== seen) reload();
    });
  }

  function open(folder: string): FSWatcher[] {
    try {
      return [watch(folder, { persistent: false }, soon).on('error', onError)];
    } catch (error) {
      onError(error);
      return [];
    }
  }
}

function foldersOf(file: string): string[] {
  const folders = [dirname(resolve(file))];
  try {
    folders.push(dirname(realpathSync(file)));
  } catch {
    // No such file yet: its folder is watched for it.
  }
  return [...new Set(folders)];
}

/** Changes whenever the file does, through links too; '' when there is none. */
function stampOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}
