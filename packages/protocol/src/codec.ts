/** A message's bytes, both ways; decoding throws an `Error` of the library at what is no message. */
export interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}
