// What a file of a post is called on the page and on the phone: the rule for plain copies of the core (`plain_file_name` in
// crates/longear-core/src/tree.rs, where the reasons stand). A publisher chooses names, and somebody may have his key.

const NAME_BYTES_MAX = 120;
/** Nothing of these would a double click run. */
const ENDINGS =
  "aac avi avif bin csv docx epub flac gif jpeg jpg m4a m4v md mkv mov mp3 mp4 odp ods odt ogg opus pdf png pptx srt txt vtt wav webm webp xlsx";
/** Controls, what Windows reserves, and what shows nothing or turns the direction of what follows. */
const UNSAFE =
  /[\p{Cc}/\\:*?"<>|\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;
const DEVICE = /^(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\.|$)/i;

/** The name under which a file is shown and saved. */
export function plainName(name: string): string {
  const [, before, after] = name.match(/^(.*)\.([^.]*)$/s) ?? ["", name, ""];
  const ending = ENDINGS.split(" ").includes((after ?? "").toLowerCase()) ? (after ?? "").toLowerCase() : "bin";
  const clean = (before ?? "")
    .replace(/[\s\x85]+/g, " ")
    .replace(UNSAFE, "")
    .replace(/ +/g, " ")
    .replace(/^[. -]+/, "");
  let stem = DEVICE.test(clean) ? `_${clean}` : clean;
  while (new TextEncoder().encode(stem).length > NAME_BYTES_MAX - ending.length - 1) {
    stem = [...stem].slice(0, -1).join("");
  }
  return `${stem.replace(/[. ]+$/, "") || "file"}.${ending}`;
}
