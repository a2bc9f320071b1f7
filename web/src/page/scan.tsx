// Reading a code: with the camera, or from a picture. Nothing of what the camera sees is kept or sent.

import { useEffect, useRef, useState } from "preact/hooks";
import { useReader } from "./context";
import type { TextKey } from "./words";

/** Time between two looks at what the camera sees. */
const LOOK_MS = 200;
/** Pictures are looked at no larger than this: a photo of a sheet has a dozen times as many points. */
const SIDE_MAX = 1200;

export function Scan({ found }: { found: (text: string) => void }) {
  const { words } = useReader();
  const [filming, film] = useState(false);
  const [trouble, setTrouble] = useState<TextKey | null>(null);
  const stop = (why: TextKey | null) => {
    film(false);
    setTrouble(why);
  };
  const see = (text: string) => {
    stop(null);
    found(text);
  };
  const open = async (file: File | undefined) => {
    setTrouble(null);
    const text = file && (await readPicture(file).catch(() => null));
    text ? see(text) : file && setTrouble("scan_none");
  };
  return (
    <div class="stack">
      <div class="does">
        {"mediaDevices" in navigator && (
          <button type="button" class="btn" aria-pressed={filming} onClick={() => (filming ? stop(null) : film(true))}>
            {words.say(filming ? "scan_stop" : "scan_camera")}
          </button>
        )}
        <label class="btn">
          {words.say("scan_picture")}
          <input
            type="file"
            accept="image/*"
            class="vh"
            onChange={(event) => {
              void open(event.currentTarget.files?.[0]);
              event.currentTarget.value = "";
            }}
          />
        </label>
      </div>
      {filming && <Camera see={see} failed={() => stop("scan_refused")} />}
      {trouble && <p role="alert">{words.say(trouble)}</p>}
    </div>
  );
}

function Camera({ see, failed }: { see: (text: string) => void; failed: () => void }) {
  const { words } = useReader();
  const view = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let timer = 0;
    let isOver = false;
    const look = async () => {
      const text = view.current && (await readFrom(view.current, view.current.videoWidth, view.current.videoHeight));
      if (!isOver) {
        text ? see(text) : (timer = window.setTimeout(() => void look(), LOOK_MS));
      }
    };
    const begin = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (isOver || !view.current) {
        stream.getTracks().forEach((track) => track.stop());
        return;
      }
      view.current.srcObject = stream;
      await view.current.play();
      await look();
    };
    begin().catch(() => !isOver && failed());
    return () => {
      isOver = true;
      window.clearTimeout(timer);
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  return (
    <figure class="camera">
      <video ref={view} muted playsInline aria-label={words.say("scan_camera")} />
      <figcaption class="small soft">{words.say("scan_text")}</figcaption>
    </figure>
  );
}

async function readPicture(file: File): Promise<string | null> {
  const picture = await createImageBitmap(file);
  const text = await readFrom(picture, picture.width, picture.height);
  picture.close();
  return text;
}

async function readFrom(picture: CanvasImageSource, width: number, height: number): Promise<string | null> {
  if (width === 0 || height === 0) {
    return null;
  }
  const scale = Math.min(1, SIDE_MAX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) {
    return null;
  }
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { read } = await import("./codes.js");
  return read(pen.getImageData(0, 0, canvas.width, canvas.height));
}
