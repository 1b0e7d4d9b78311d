import { signal } from '@preact/signals';

/** Milliseconds since the epoch, to the second, while the page is seen. */
export const present = signal(Date.now());
/** Counts up when it is time to look again; not while the page is hidden. */
export const looks = signal(0);

const LOOK_EVERY_SECONDS = 2;

setInterval(() => {
  if (document.hidden) return;
  present.value = Date.now();
  if (Math.floor(present.value / 1_000) % LOOK_EVERY_SECONDS === 0) looks.value += 1;
}, 1_000);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) looks.value += 1;
});
