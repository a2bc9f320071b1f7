// Whether what is kept of the app, and what its website gives today, is what its makers signed. A script of its own, because
// it is needed when the app stands.

import type { Core } from "../shared/core";
import { modules } from "../shared/module";
import type { Alarm } from "../shared/protocol";
import { type Asking, Fault, type FileList, KEPT, LIST, SERVICE, bytesOf, checkFile, fetchNow, readList, release } from "../shared/release";

/** What is wrong with the app, here or at its website. Who does not answer is no fault, and does not fit either. */
export async function look(core: Core, folder: string, asking: Asking): Promise<Alarm | "fits" | "silent"> {
  let isKept = false;
  try {
    const kept = await keptList(core, folder);
    if (kept) {
      await checkAll(core, kept.list, (path) => fetch(new URL(path, folder)), SERVICE);
      isKept = true;
    }
    // What is not kept was never compared: then the website gives all of it.
    return (await checkWebsite(core, folder, kept, kept ? asking : "no-store")) ? "fits" : "silent";
  } catch (error) {
    return error instanceof Fault ? { code: error.code, what: error.what, isKept } : "silent";
  }
}

interface Kept {
  list: FileList;
  bytes: Uint8Array;
}

/** The list under which the running copy is kept, if it is. */
async function keptList(core: Core, folder: string): Promise<Kept | null> {
  const answer = await fetch(new URL(LIST, folder)).catch(() => null);
  if (!answer?.headers.has(KEPT)) {
    return null;
  }
  const bytes = await bytesOf(answer);
  return { list: readList(core, bytes), bytes };
}

/** False where the website has no app. */
async function checkWebsite(core: Core, folder: string, kept: Kept | null, asking: Asking): Promise<boolean> {
  const answer = await fetchNow(LIST, folder, "no-store");
  if (!answer) {
    // It does not offer the app any more; or nobody who made it signs this one, and then it has no list at all.
    if (kept) {
      return false;
    }
    throw new Fault("unsigned", LIST);
  }
  const bytes = await bytesOf(answer);
  const list = readList(core, bytes);
  if (list.version < release.version) {
    throw new Fault("older", LIST);
  }
  if (kept && list.version === kept.list.version && core.hash(bytes) !== core.hash(kept.bytes)) {
    throw new Fault("other-list", LIST);
  }
  await checkAll(core, list, (path) => fetchNow(path, folder, asking));
  return true;
}

async function checkAll(core: Core, list: FileList, get: (path: string) => Promise<Response | null>, except = ""): Promise<void> {
  const { useless } = modules();
  for (const path of list.files.keys()) {
    if (path !== useless && path !== except) {
      const answer = await get(path);
      checkFile(core, list, path, answer ? await bytesOf(answer) : new Uint8Array(0));
    }
  }
}
