import type { Clock, Notice } from '../model.ts';
import { bannerText, noticeText } from './notice-text.ts';

/** What a stream (stdout) must offer; it calls back when the text is out, or with the error. */
export interface TextStream {
  write(text: string, done: (error?: Error | null) => void): unknown;
}

export interface ConsoleSink {
  /** True: printed. False: too many in this second; it is counted in a summary. Rejects when the stream does. */
  write(notice: Notice): Promise<boolean>;
  /** Prints whatever the second. */
  writeAlways(notice: Notice): Promise<void>;
  /** Prints the summary that is due, without waiting for the second to end. */
  flush(): void;
}

/** A terminal or a container's log that gets more than this is read by nobody and slows the whole process down. */
const PER_SECOND = 100;

export function createConsoleSink(stream: TextStream, clock: Pick<Clock, 'after'>): ConsoleSink {
  let printed = 0;
  let counted = 0;
  let second: (() => void) | undefined;

  return {
    async write(notice) {
      second ??= clock.after(1000, () => {
        second = undefined;
        printed = 0;
        summarise();
      });
      if (printed >= PER_SECOND) {
        counted += 1;
        return false;
      }
      printed += 1;
      await print(noticeText(notice));
      return true;
    },
    writeAlways: (notice) => print(noticeText(notice)),
    flush() {
      second?.();
      second = undefined;
      printed = 0;
      summarise();
    },
  };

  function summarise(): void {
    if (counted === 0) return;
    const count = counted;
    counted = 0;
    // Nobody waits for a summary; the stream's owner hears of its errors.
    print(bannerText(`PushServer 系统通知过多，另有 ${count} 条未在此显示`)).catch(() => undefined);
  }

  function print(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      stream.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }
}
