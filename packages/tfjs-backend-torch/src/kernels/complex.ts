import type { ComplexInputs, FFTInputs, KernelConfig, RealInputs } from '@tensorflow/tfjs-core';
import { kernel } from './kernel.js';

export const complexKernels: readonly KernelConfig[] = [
  kernel<ComplexInputs>('Complex', (t, { real, imag }) => t.run('complex', real, imag)),
  kernel<RealInputs>('Real', (t, { input }) => t.run('clone', t.run('real', input))),
  kernel<RealInputs>('Imag', (t, { input }) => t.run('clone', t.run('imag', input))),
  kernel<FFTInputs>('FFT', (t, { input }) => t.run('fft_fft', input)),
  kernel<FFTInputs>('IFFT', (t, { input }) => t.run('fft_ifft', input)),
];
