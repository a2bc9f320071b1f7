// Leaving at once: the button, or Shift three times.

const SHIFTS = 3;
const SHIFTS_MS_MAX = 1_500;
const ORDINARY_PAGE = "about:blank";

export function leave(): void {
  // Emptied first: the other page may take its time.
  document.documentElement.replaceChildren();
  location.replace(ORDINARY_PAGE);
}

export function leaveOnShifts(): void {
  let pressed: number[] = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Shift") {
      pressed = [];
      return;
    }
    if (!event.repeat) {
      const now = event.timeStamp;
      pressed = [...pressed.filter((time) => now - time < SHIFTS_MS_MAX), now];
      if (pressed.length >= SHIFTS) {
        leave();
      }
    }
  });
}
