// What a player was given: every piece that the app's worker hands to the service worker, which passes it on as it is.

/** Puts itself between page and worker, in every page that is opened from now on. */
export function watchMedia(context) {
  return context.addInitScript(() => {
    const given = [];
    globalThis.given = given;
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ports) {
      if (!message?.media) {
        return post.call(this, message, ports);
      }
      const { port1: ours, port2: theirs } = new MessageChannel();
      let asked = null;
      ports[0].onmessage = ({ data }) => {
        asked = data;
        ours.postMessage(data);
      };
      ours.onmessage = ({ data }) => {
        if (data.bytes) {
          given.push({ from: asked.from, bytes: data.bytes.slice(0) });
        }
        ports[0].postMessage(data, data.bytes ? [data.bytes] : []);
      };
      return post.call(this, message, [theirs]);
    };
  });
}

/** How many bytes of the true file were given, and how many that are not the true file's, since the page was opened. */
export function judgeGiven(page, trueUrl) {
  return page.evaluate(async (url) => {
    const truth = new Uint8Array(await (await fetch(url)).arrayBuffer());
    const seen = new Uint8Array(truth.length);
    let forged = 0;
    for (const { from, bytes } of globalThis.given) {
      new Uint8Array(bytes).forEach((byte, index) => {
        seen[from + index] = 1;
        forged += byte === truth[from + index] ? 0 : 1;
      });
    }
    return { given: seen.reduce((sum, bit) => sum + bit, 0), forged };
  }, trueUrl);
}

/** Bytes of a blob that lie in the browser's private files, as base64; empty where there is no such file. */
export async function storedBlob(page, hash) {
  const text = await page.evaluate(async (name) => {
    try {
      let folder = await navigator.storage.getDirectory();
      for (const step of ["longear", "b", name.slice(0, 2)]) {
        folder = await folder.getDirectoryHandle(step);
      }
      const bytes = new Uint8Array(await (await (await folder.getFileHandle(name)).getFile()).arrayBuffer());
      let letters = "";
      for (let at = 0; at < bytes.length; at += 8192) {
        letters += String.fromCharCode(...bytes.subarray(at, at + 8192));
      }
      return btoa(letters);
    } catch {
      return "";
    }
  }, hash);
  return Buffer.from(text, "base64");
}
