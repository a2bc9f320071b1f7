// Saves something as a file of the phone.

/** How long the browser may take to begin. */
const BEGINS_MS = 60_000;

export function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), BEGINS_MS);
}
