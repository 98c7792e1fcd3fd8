// Real-time repetition by timers. They do not keep a process alive that has nothing else to do.

import type { Scheduler } from "../../ports/ports.ts";

/** The computer's timers as a scheduler. */
export function systemScheduler(): Scheduler {
  return {
    every(interval, action) {
      let stopped = false;
      let timer: NodeJS.Timeout;
      const plan = (): void => {
        timer = setTimeout(
          () => {
            // An action says for itself what went wrong; the next run is its second chance.
            action()
              .catch(() => undefined)
              .finally(() => {
                if (!stopped) plan();
              });
          },
          Number(interval / 1000n),
        );
        timer.unref();
      };
      plan();
      return () => {
        stopped = true;
        clearTimeout(timer);
      };
    },
  };
}
