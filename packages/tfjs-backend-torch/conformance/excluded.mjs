/** Tests that are not ours to pass: part of the test's full name, and why. */
export const EXCLUDED = [];
