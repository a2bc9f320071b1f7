// What a file that somebody handed over brought, and channels that it offers.

import { useEffect, useState } from "preact/hooks";
import { type Opened, SHARED } from "../shared/protocol";
import { useReader } from "./context";
import { Question } from "./follow";
import { Say } from "./frame";
import { OpenFile, handed, receive } from "./handed";

const FAILED: Opened = { unreadable: "failed", channels: [], files: 0, offers: [], refused: [], full: false };

export function HandedPage() {
  const { words } = useReader();
  const { results, share, read } = useHanded();
  return (
    <>
      <h1>{words.say("file_title")}</h1>
      {results === null ? (
        <div class="stack tight">
          <p role="status">{words.say("file_reading")}</p>
          <progress class="full" aria-label={words.say("file_reading")} value={share} />
        </div>
      ) : (
        results.map((opened, index) => <Result key={index} opened={opened} followed={read} />)
      )}
      {results !== null && <Ways isEmpty={results.length === 0} />}
    </>
  );
}

function Ways({ isEmpty }: { isEmpty: boolean }) {
  const { words } = useReader();
  return (
    <section class="stack">
      {isEmpty && <p class="prose">{words.say("file_text")}</p>}
      <OpenFile again={!isEmpty} />
      <p>
        <a class="tap" href="#/">
          {words.say("back_to_news")}
        </a>
      </p>
    </section>
  );
}

/** What the files brought; null while they are being read. `read` reads them once more. */
function useHanded() {
  const { link, announce, words } = useReader();
  const [results, setResults] = useState<Opened[] | null>(handed.files.length > 0 ? null : []);
  const [share, setShare] = useState(0);
  const read = async () => {
    setResults(null);
    const found: Opened[] = [];
    const files = handed.files;
    for (const [index, file] of files.entries()) {
      link.onOpening = (part) => setShare((index + part) / files.length);
      found.push(await link.call("open", { file }).catch(() => FAILED));
    }
    if (files === handed.files) {
      setResults(found);
      announce(words.say("file_read"));
    }
  };
  useEffect(() => {
    handed.hear = () => void read();
    if (handed.files.length > 0) {
      void read();
    } else {
      askShared();
    }
    return () => {
      handed.hear = () => undefined;
      link.onOpening = () => undefined;
    };
  }, []);
  return { results, share, read };
}

/** What the phone's own list of apps handed over waits at the service worker. */
function askShared(): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }: MessageEvent<File[]>) => receive(data);
  navigator.serviceWorker?.controller?.postMessage(SHARED, [port2]);
}

function Result({ opened, followed }: { opened: Opened; followed: () => Promise<void> }) {
  const { words } = useReader();
  if (opened.unreadable) {
    return <Say icon="warning" kind="warm" title={words.say(`file_${opened.unreadable}`)} />;
  }
  return (
    <>
      {opened.channels.length > 0 && <Brought opened={opened} />}
      {opened.full && <Say icon="full" kind="warm" title={words.say("full")} />}
      {opened.refused.length > 0 && <LeftOut opened={opened} />}
      {opened.offers.map((found) => (
        <section key={found.channel.id} class="stack">
          <p>{words.say("file_offer")}</p>
          <Question found={found} followed={followed} />
        </section>
      ))}
      {opened.channels.length + opened.offers.length === 0 && <p>{words.say("file_empty")}</p>}
    </>
  );
}

function Brought({ opened }: { opened: Opened }) {
  const { words } = useReader();
  return (
    <Say icon="checked" kind="good" title={words.say("file_checked")}>
      <ul>
        {opened.channels.map(({ channel, posts }) => (
          <li key={channel.id}>
            {words.rich(posts > 0 ? "file_from" : "file_nothing", {
              posts: words.count("posts_new", posts),
              name: (
                <a class="tap" href={`#/channel/${channel.id}`}>
                  <b dir="auto">{channel.name ?? words.say("unnamed")}</b>
                </a>
              ),
            })}
          </li>
        ))}
        {opened.files > 0 && <li>{words.count("file_files", opened.files)}</li>}
      </ul>
    </Say>
  );
}

function LeftOut({ opened }: { opened: Opened }) {
  const { words } = useReader();
  return (
    <Say icon="warning" kind="warm" title={words.count("file_left_out", opened.refused.length)}>
      <p>{words.say("file_left_out_text")}</p>
      <details>
        <summary class="small">{words.say("file_which")}</summary>
        <ul class="small soft" dir="ltr" lang="en" style={{ overflowWrap: "anywhere" }}>
          {opened.refused.map(({ what, code }) => (
            <li key={what}>{words.say("source_reason", { what, code })}</li>
          ))}
        </ul>
      </details>
    </Say>
  );
}
