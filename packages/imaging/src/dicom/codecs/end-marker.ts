/** EOI of the JPEG family, EOC of JPEG 2000: the same two bytes. */
export const END_MARKER = Buffer.from([0xff, 0xd9]);

/**
 * Where the end marker of a code stream is, behind which there may be padding; −1 if there is none. No
 * coded pixels look like one (ITU-T T.81 B.1.1.5, T.87 A.1, T.800 D.4.1), so a stream cut short has none.
 */
export function endMarkerAt({ buffer, byteOffset, length }: Uint8Array): number {
  return Buffer.from(buffer, byteOffset, length).lastIndexOf(END_MARKER);
}
