import library from 'dcmjs-dimse';

// It logs every message, patients' names among them, unless told otherwise.
library.log.setLevel('silent');

export const { association, Dataset: DimseDataset, requests, responses, Scp } = library;
export type DimseDataset = library.Dataset;
export type Request = library.requests.Request;
export type Response = library.responses.Response;
export type CStoreRequest = library.requests.CStoreRequest;
export type CStoreResponse = library.responses.CStoreResponse;
export type PresentationContext = library.association.PresentationContext;
