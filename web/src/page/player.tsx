// Playing, bringing, saving and removing one rendition.

import { useEffect, useState } from "preact/hooks";
import { type Holding, type Item, MEDIA_FOLDER, type Rendition } from "../shared/protocol";
import { Controls, type Smaller } from "./controls";
import { isPicture, usePicture, useReader, useWhole } from "./context";
import { download } from "./download";
import { Icon, Line, held, share } from "./drawing";
import { Say } from "./frame";
import { mediumOf, posterOf } from "./item-parts";
import { plainName } from "./plain-name";

interface Shown {
  item: Item;
  index: number;
  rendition: Rendition;
  holding: Holding | null;
  /** What to play instead where a part is missing. */
  smaller?: Smaller | null;
  /** Where to go on, if another form was playing before. */
  goOnAt?: number | null;
}

/** Video and sound by the browser's own player, photos as they are; below it what is here and what can be done. */
export function Player(shown: Shown) {
  const { words } = useReader();
  const medium = mediumOf(shown.rendition);
  const { holding } = shown;
  return (
    <div class="stack player">
      {medium === "photo" ? <Photo {...shown} /> : medium === "file" ? null : <Moving {...shown} />}
      {(medium === "photo" || medium === "file") && <Line holding={holding} words={words} />}
      {holding && held(holding) < holding.size && <p class="bar small">{share(holding, words)}</p>}
      {holding && <Trouble holding={holding} />}
      <Does {...shown} />
    </div>
  );
}

function Moving({ item, index, rendition, holding, smaller = null, goOnAt = null }: Shown) {
  const still = usePicture(item, posterOf(item), true);
  const source = usePlayable(item, index, holding);
  const { settings, words } = useReader();
  const [media, setMedia] = useState<HTMLMediaElement | null>(null);
  const [broken, breaks] = useState<string | null>(null);
  if (!source) {
    return <Line holding={holding} words={words} />;
  }
  // What a full phone could not take is tried anew as soon as there is room.
  const isFull = holding?.doing === "full";
  const tried = `${source} ${isFull}`;
  if (broken === tried) {
    return isFull ? <Line holding={holding} words={words} /> : <Unshown />;
  }
  const isUnknown = ({ error }: HTMLMediaElement) => !!error && error.code >= MediaError.MEDIA_ERR_DECODE;
  const onError = (event: Event) => isUnknown(event.currentTarget as HTMLMediaElement) && breaks(tried);
  const goOn = ({ currentTarget: media }: { currentTarget: HTMLMediaElement }) => void (goOnAt && (media.currentTime = goOnAt));
  const common = { src: source, ref: setMedia, onError, autoplay: goOnAt !== null, onLoadedMetadata: goOn, preload: settings.dataSaver ? ("none" as const) : ("metadata" as const) };
  const controls = media && holding && <Controls media={media} item={item} rendition={rendition} holding={holding} smaller={smaller} />;
  if (mediumOf(rendition) === "sound") {
    return (
      <>
        <audio key={source} {...common} />
        {controls}
      </>
    );
  }
  const shape = rendition.width && rendition.height ? { width: rendition.width, height: rendition.height } : {};
  const playOrPause = ({ currentTarget: video }: { currentTarget: HTMLVideoElement }) => void (video.paused ? video.play() : video.pause());
  return (
    <>
      <video key={source} {...common} {...shape} {...(still ? { poster: still } : {})} playsInline onClick={playOrPause} />
      {controls}
    </>
  );
}

/**
 * The address that a player reads: through the service worker, which gives checked blocks and waits for missing ones.
 * Without one, the whole file once it is here.
 */
function usePlayable(item: Item, index: number, holding: Holding | null): string | null {
  const streams = useController();
  const isWhole = !!holding && held(holding) >= holding.size;
  const whole = useWhole(item, index, !streams && isWhole);
  return streams ? `${MEDIA_FOLDER}${item.id}/${index}` : whole;
}

/** Whether a service worker answers this page; at the first visit it begins to after a moment. */
function useController(): boolean {
  const [controlled, setControlled] = useState(!!navigator.serviceWorker?.controller);
  useEffect(() => {
    const changed = () => setControlled(!!navigator.serviceWorker?.controller);
    navigator.serviceWorker?.addEventListener("controllerchange", changed);
    return () => navigator.serviceWorker?.removeEventListener("controllerchange", changed);
  }, []);
  return controlled;
}

/** Pictures up to this size are shown without asking, also with the data saver. */
const SMALL_BYTES_MAX = 64 << 10;

function Photo({ item, index, rendition, holding }: Shown) {
  const { words, settings } = useReader();
  const [asked, setAsked] = useState(false);
  const [isBroken, breaks] = useState(false);
  const isHere = !!holding && held(holding) >= holding.size;
  const isFull = holding?.doing === "full";
  const picture = usePicture(item, index, isHere || (!isFull && (asked || !settings.dataSaver || rendition.size <= SMALL_BYTES_MAX)));
  const photos = item.renditions.filter((other) => mediumOf(other) === "photo");
  const place = { n: words.number(photos.indexOf(rendition) + 1), total: words.number(photos.length) };
  if (isBroken || !isPicture(rendition)) {
    return <Unshown />;
  }
  if (!picture) {
    // Below it stands how it can be brought once there is room.
    return isFull ? null : (
      <div class="does">
        <button type="button" class="btn" onClick={() => setAsked(true)}>
          <Icon name="photo" />
          <span>
            {words.say("show_photo")} <small>{words.size(rendition.size)}</small>
          </span>
        </button>
      </div>
    );
  }
  const shape = rendition.width && rendition.height ? { width: rendition.width, height: rendition.height } : {};
  return (
    <figure class="photo">
      <img src={picture} alt={photos.length > 1 ? words.say("photo_of", place) : words.say("photo")} {...shape} onError={() => breaks(true)} />
    </figure>
  );
}

/** Whoever labels files may err, and a stolen key lies: nothing of what they hold is tried as another kind. */
function Unshown() {
  const { words } = useReader();
  return (
    <Say icon="file" title={words.say("unshown_title")}>
      <p>{words.say("unshown_text")}</p>
    </Say>
  );
}

/** Why nothing comes, where nothing does. */
function Trouble({ holding }: { holding: Holding }) {
  const { words, announce } = useReader();
  useEffect(() => {
    const said = { damaged: "badge_damaged", waiting: "waiting", spoiled: "waiting", full: "full" } as const;
    if (holding.doing in said) {
      announce(words.say(said[holding.doing as keyof typeof said]));
    }
  }, [holding.doing]);
  switch (holding.doing) {
    case "damaged":
      return (
        <Say icon="again" kind="warm" title={words.say("badge_damaged")}>
          <p>{words.say("damaged_text")}</p>
        </Say>
      );
    case "waiting":
      return <Say icon="clock" kind="warm" title={words.say("waiting")} />;
    case "spoiled":
      return (
        <Say icon="clock" kind="warm" title={words.say("waiting")}>
          <p>{words.say("spoiled_text")}</p>
        </Say>
      );
    case "full":
      return (
        <Say icon="full" kind="warm" title={words.say("full")}>
          <p>{words.say("full_text")}</p>
        </Say>
      );
    default:
      return null;
  }
}

function Does({ item, index, rendition, holding }: Shown) {
  const { words, link } = useReader();
  if (!holding || rendition.inline) {
    return null;
  }
  const have = held(holding);
  const which = { item: item.id, index };
  if (have >= holding.size) {
    return (
      <div class="does">
        <button type="button" class="btn" onClick={() => void save(link.call("whole", which), rendition)}>
          <Icon name="bring" />
          <span>
            {words.say("save")} <small>{words.size(holding.size)}</small>
          </span>
        </button>
        <button type="button" class="btn" onClick={() => void link.call("remove", which)}>
          <span>{words.say("remove")}</span>
        </button>
      </div>
    );
  }
  const comes = holding.doing !== "nothing" && holding.doing !== "full";
  return (
    <div class="does">
      <button type="button" class={comes ? "btn" : "btn main"} onClick={() => void link.call(comes ? "pause" : "bring", which)}>
        <Icon name={comes ? "pause" : "bring"} />
        <span>
          {words.say(comes ? "pause" : have > 0 ? "bring_rest" : "bring")} <small>{words.size(holding.size - have)}</small>
        </span>
      </button>
    </div>
  );
}

/** Saved as bytes of no kind, so that no browser opens a post's file as a page of the app. */
async function save(bytes: Promise<ArrayBuffer>, rendition: Rendition): Promise<void> {
  download(new Blob([await bytes], { type: "application/octet-stream" }), plainName(rendition.name));
}
