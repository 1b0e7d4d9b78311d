export { ENGINE_NAMES, type EngineInfo, type EngineName, selectEngine } from './engine/engine.js';
export { initialModel, Network } from './networks/network.js';
