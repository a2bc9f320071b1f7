// What the workers of several tabs say to each other: in the hall, which all of them hear, and on a line between two.

import type { Answer, Event, MediaAnswer, MediaRange, MediaRequest, Request } from "../shared/protocol";

/** A medium that is being brought, by item and index. */
export interface Wish {
  item: string;
  index: number;
}

/** In the hall: a guest asks who leads, again and again; whoever has begun to lead says so. */
export type InHall = { hello: string } | { leads: true };

/** On its line: a call of the guest's page, or what its service worker says about a medium. */
export type FromGuest = { request: Request } | { medium: number; begin: MediaRequest } | { medium: number; say: MediaRange | "over" };

/** On its line: that the leader listens, what it would say to a page of its own, pieces of media, and what whoever leads next goes on with. */
export type FromHost =
  | { welcome: true }
  | { page: Answer | Event }
  | { medium: number; from: number | null; answer: MediaAnswer }
  | { wishes: Wish[] }
  | { here: true };
