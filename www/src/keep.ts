// "Keep on this device": only when it is ticked, and gone when it is not.
import { signal } from "@preact/signals";
import { clear, createStore, get, set } from "idb-keyval";
import type { Document } from "./state/document";

/** Whether things are kept on this device. Nothing is, unless it was ticked. */
export const keeping = signal(false);

const store = createStore("provisor", "kept");

/** What is kept besides the document. */
export interface Preferences {
  theme: string;
  language: string;
  singleKeys: boolean;
  /** The columns of the list of people. */
  listed?: readonly string[];
}

export const keepAll = (document: Document, preferences: Preferences): Promise<void> =>
  set("all", { document, preferences }, store);

export const kept = (): Promise<{ document: Document; preferences: Preferences } | undefined> =>
  get("all", store);

export const forgetKept = (): Promise<void> => clear(store);
