/** Most causes of causes that are looked at; an error may be its own. */
const MAX_CAUSES = 16;
/** As the system says it, and as `systemFailure` names it. */
const DISK_FULL = ['ENOSPC', 'EDQUOT', 'EFBIG', 'base/disk-full'];
const NO_MEMORY = ['ENOMEM', 'ERR_WORKER_OUT_OF_MEMORY', 'ERR_MEMORY_ALLOCATION_FAILED'];
/** As V8, libtorch and CUDA say it. */
const NO_MEMORY_TEXT =
  /out of memory|not enough memory|can't allocate memory|cannot allocate memory|allocation failed/i;

/** Whether something failed because a disk or a quota is full. */
export function isDiskFull(error: unknown): boolean {
  return causesOf(error).some(({ code }) => DISK_FULL.includes(String(code)));
}

/** Whether something failed for want of memory, the processor's or a device's. */
export function isOutOfMemory(error: unknown): boolean {
  return causesOf(error).some(
    ({ code, message }) =>
      NO_MEMORY.includes(String(code)) || NO_MEMORY_TEXT.test(String(message ?? '')),
  );
}

/** The error, its cause, the cause's cause, … */
function causesOf(error: unknown): { readonly code?: unknown; readonly message?: unknown }[] {
  const causes: object[] = [];
  let cause = error;
  while (typeof cause === 'object' && cause !== null && causes.length < MAX_CAUSES) {
    causes.push(cause);
    cause = (cause as { cause?: unknown }).cause;
  }
  return causes;
}
