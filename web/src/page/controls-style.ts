// How the line of a film looks as its seek bar: solid is here, dots are not here, the rider is where it plays. It comes with the
// first player, and not with the style sheet of every page; where a browser cannot take it, the bar is the browser's own.

const STYLE = `
  .playing { display: grid; gap: var(--s2) }
  .playing > .bar { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2) var(--s3); justify-content: space-between }
  .playing .btn.square { min-inline-size: var(--touch); padding-inline: 10px }
  .playing select.in { inline-size: auto; min-block-size: var(--touch) }
  .seek { position: relative; display: grid; align-items: center; block-size: var(--touch) }
  .seek > * { grid-area: 1/1 }
  .seek input { -webkit-appearance: none; appearance: none; background: none; inline-size: 100%; block-size: var(--touch); margin: 0; cursor: pointer }
  .seek input::-webkit-slider-runnable-track { background: none; block-size: var(--touch) }
  .seek input::-moz-range-track { background: none; block-size: var(--touch) }
  .seek input::-webkit-slider-thumb { -webkit-appearance: none; appearance: none; inline-size: 18px; block-size: 18px; margin-block-start: 13px; border: 2px solid var(--felt); border-radius: 50%; background: var(--sun) }
  .seek input::-moz-range-thumb { inline-size: 14px; block-size: 14px; border: 2px solid var(--felt); border-radius: 50%; background: var(--sun) }
  .seek input:focus-visible { outline: 3px solid var(--dusk); outline-offset: -6px; border-radius: var(--r2) }
  @media (forced-colors: active) { .seek input::-webkit-slider-thumb { background: Highlight } .seek input::-moz-range-thumb { background: Highlight } }
`;

let isThere = false;

export function addStyle(): void {
  if (!isThere && "replaceSync" in CSSStyleSheet.prototype) {
    isThere = true;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }
}
