import { signal } from '@preact/signals';

/** Milliseconds since the epoch, to the second, while the page is seen. */
export const present = signal(Date.now());

setInterval(() => {
  if (!document.hidden) present.value = Date.now();
}, 1_000);
