/** A failure of finding libtorch or of building against it: what is wrong, and what to do. */
export class NativeSetupError extends Error {
  /**
   * @param {'libtorch-not-found' | 'libtorch-unusable' | 'no-compiler' | 'compile-failed'} code
   * @param {string} message
   * @param {string} advice
   */
  constructor(code, message, advice) {
    super(message);
    this.name = 'NativeSetupError';
    this.code = code;
    this.advice = advice;
  }
}
