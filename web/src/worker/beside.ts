// Several tabs of the app: the worker of one leads, because private files open for one only; those of the others pass on to
// it what their pages ask. A script of its own, because few have two tabs open at their first visit.

export { Guest } from "./guest";
export { Host } from "./host";
