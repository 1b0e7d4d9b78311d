import type { EngineName } from '@fedvox/learning';
import type { DeviceName, PrecisionName } from '@fedvox/learning/settings';

/** What the process that tries the engine is asked: as a site's configuration says it. */
export interface EngineOrder {
  readonly engine: EngineName;
  readonly device: DeviceName;
  readonly precision: PrecisionName;
}

/** What it answers, as one line of JSON. */
export type EngineProbe =
  | {
      readonly kind: 'ready';
      readonly name: string;
      /** What it is, what it runs on and what it computes in. */
      readonly description: string;
      /** Where the libtorch lies that was loaded; null where none was. */
      readonly libtorch: string | null;
      /** GPUs that libtorch can use. */
      readonly gpus: number;
      /** Why libtorch is not there, where it is not. */
      readonly lack: string | null;
    }
  | { readonly kind: 'failed'; readonly message: string; readonly advice: string };
