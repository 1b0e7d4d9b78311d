/** The WebAssembly codecs of the Cornerstone project, which ship without types. */
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const instantiate: import('./wasm-codec.js').Instantiate<'J2KDecoder'>;
  export default instantiate;
}
declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const instantiate: import('./wasm-codec.js').Instantiate<'JpegLSDecoder'>;
  export default instantiate;
}
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const instantiate: import('./wasm-codec.js').Instantiate<'JPEGDecoder'>;
  export default instantiate;
}
