// Looks for a code: in what the camera sees, or in a picture. Nothing of it is kept or sent.

import { useEffect, useRef } from "preact/hooks";

/** Time between two looks at what the camera sees. */
const LOOK_MS = 200;
/** Pictures are looked at no larger than this: a photo of a sheet has a dozen times as many points. */
const SIDE_MAX = 1200;

/** `name` and `text`: its words, as those of what is loaded later may still be on their way. */
export function Camera(props: { name: string; text: string; see: (text: string) => void; failed: () => void }) {
  const { name, text: hint, see, failed } = props;
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
      <video ref={view} muted playsInline aria-label={name} />
      <figcaption class="small soft">{hint}</figcaption>
    </figure>
  );
}

export async function readPicture(file: File): Promise<string | null> {
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
  const { read } = await import("./codes");
  return read(pen.getImageData(0, 0, canvas.width, canvas.height));
}
