import { type Clock, clockOn } from '../clock.js';

export const systemClock: Clock = clockOn({
  nowMs: () => Date.now(),
  after: (delayMs, action, { background = false } = {}) => {
    const timer = setTimeout(action, delayMs);
    if (background) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
});
