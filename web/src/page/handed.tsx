// Choosing a file that somebody handed over. What it brought is another page's to show.

import { useRef } from "preact/hooks";
import { useReader } from "./context";
import { Icon } from "./drawing";
import { go } from "./route";

/** The files that are being read; they are not copied, and are gone with the page. */
export const handed: { files: File[]; hear: () => void } = { files: [], hear: () => undefined };

/** Reads these files, and shows what came of it. */
export function receive(files: Iterable<File>): void {
  handed.files = [...files];
  if (handed.files.length > 0) {
    go("#/file");
    handed.hear();
  }
}

/** Files that are dropped on the page, and those with which the system opens the app. */
export function receiveFiles(): void {
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    receive(event.dataTransfer?.files ?? []);
  });
  launches()?.setConsumer(async ({ files }) => receive(await Promise.all((files ?? []).map((file) => file.getFile()))));
}

interface Launches {
  setConsumer(take: (launch: { files?: FileSystemFileHandle[] }) => void): void;
}

function launches(): Launches | undefined {
  return (window as unknown as { launchQueue?: Launches }).launchQueue;
}

/** The button for files; any ending will do, because chats change it. */
export function OpenFile({ again }: { again?: boolean }) {
  const { words } = useReader();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        class="vh"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => receive(event.currentTarget.files ?? [])}
      />
      <button type="button" class="btn full" onClick={() => input.current?.click()}>
        <Icon name="file" />
        <span>{words.say(again ? "file_another" : "file_open")}</span>
      </button>
    </>
  );
}
