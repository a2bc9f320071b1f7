// Kazakh in Latin letters: the alphabet of April 2021, letter by letter from the Cyrillic text.

const LETTERS: Record<string, string> = {
  а: "a", ә: "ä", б: "b", в: "v", г: "g", ғ: "ğ", д: "d", е: "e", ё: "io", ж: "j", з: "z", и: "i", й: "i", к: "k", қ: "q",
  л: "l", м: "m", н: "n", ң: "ñ", о: "o", ө: "ö", п: "p", р: "r", с: "s", т: "t", у: "u", ұ: "ū", ү: "ü", ф: "f", х: "h",
  һ: "h", ц: "ts", ч: "ch", ш: "ş", щ: "ş", ъ: "", ы: "y", і: "ı", ь: "", э: "e", ю: "iu", я: "ia",
};

/** Where letter by letter would double what is heard once. */
const OVERRIDES: [RegExp, string][] = [
  [/ия/gi, "иа"],
  [/ию/gi, "иу"],
];

/** A text in Latin letters. What is no Cyrillic letter stays as it is, the places to fill in among it. */
export function inLatin(text: string): string {
  const heard = OVERRIDES.reduce((all, [written, spoken]) => all.replace(written, spoken), text);
  return heard.replace(/\p{Script=Cyrillic}+/gu, spell);
}

function spell(word: string): string {
  const isLoud = word.length > 1 && word === word.toUpperCase();
  return [...word].map((letter) => spellLetter(letter, isLoud)).join("");
}

function spellLetter(letter: string, isLoud: boolean): string {
  const small = letter.toLowerCase();
  const latin = LETTERS[small] ?? letter;
  if (letter === small) {
    return latin;
  }
  // The capital of i has a dot here, and that of ı has none.
  const capital = (first: string) => (first === "i" ? "İ" : first === "ı" ? "I" : first.toUpperCase());
  const [first = "", ...rest] = latin;
  return capital(first) + (isLoud ? rest.map(capital) : rest).join("");
}
