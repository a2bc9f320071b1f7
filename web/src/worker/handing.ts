// Opening and saving files that people hand on: a script of its own, because few need it at their first visit.

export { handOn } from "./hand-on";
export { openHanded } from "./intake";
