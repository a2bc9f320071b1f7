// A reader in a room, as readers do it: by what the page says.

import { until } from "./phone.mjs";

export class Talk {
  constructor(phone, folder, room) {
    Object.assign(this, { phone, page: phone.page, address: `${folder}#/room/${room}` });
  }

  /**
   * Twice, on a machine that was busy with much else, a room did not open within 30 s of a reload, and nobody has found out why. Loading
   * the page once more opens it.
   */
  async open() {
    const notes = this.page.getByRole("heading", { name: "Notes", exact: true });
    await this.page.goto(this.address);
    await notes.waitFor({ timeout: 20_000 }).catch(() => this.page.reload());
    await notes.waitFor();
  }

  note(words) {
    return this.page.locator("#talk .note", { hasText: words });
  }

  async sees(words) {
    await until(() => this.note(words).first().isVisible(), `the note “${words}”`);
  }

  async says(words) {
    await this.page.getByLabel("Your note").fill(words);
    await this.page.getByRole("button", { name: "Post the note" }).click();
    await this.sees(words);
  }

  async answers(other, words) {
    await this.note(other).first().getByRole("button", { name: "Answer" }).click();
    await this.says(words);
  }

  /** The words of all notes that are shown, in the order of the room. */
  async words() {
    return this.page.locator("#talk .note:not(.hid) .words").allInnerTexts();
  }
}

/** Every file that the app keeps in private files, as text. */
export function keptFiles(page) {
  return page.evaluate(async () => {
    const found = {};
    const walk = async (folder, path) => {
      for await (const entry of folder.values()) {
        const inner = `${path}/${entry.name}`;
        if (entry.kind === "directory") {
          await walk(entry, inner);
        } else {
          const bytes = new Uint8Array(await (await entry.getFile()).arrayBuffer());
          found[inner] = [...bytes].map((byte) => String.fromCharCode(byte)).join("");
        }
      }
    };
    await walk(await navigator.storage.getDirectory(), "");
    return found;
  });
}

/** Holds the button until the page leaves. */
export async function wipe(page) {
  const button = page.getByRole("button", { name: "Hold for 2 seconds to wipe" });
  const isLeft = () => !page.url().includes("#/kept");
  await until(async () => {
    // On a busy machine the page leaves some time after the button was let go; it has no button any more then.
    if (isLeft() || !(await button.isVisible())) {
      return isLeft();
    }
    await button.hover();
    await page.mouse.down();
    await page.waitForTimeout(2_300);
    await page.mouse.up();
    await page.waitForURL((url) => !url.href.includes("#/kept"), { timeout: 5_000 }).catch(() => undefined);
    return isLeft();
  }, "the wipe");
}
