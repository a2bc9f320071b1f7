// A machine of the story: a home of its own, and the real command.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";

export class Machine {
  folder = mkdtempSync(path.join(os.tmpdir(), "longear-"));
  #children = [];
  #at;

  /** `at` is put before every command, for a machine that has a network of its own. */
  constructor(at = []) {
    this.#at = at;
  }

  path(name) {
    return path.join(this.folder, name);
  }

  file(name, text) {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  read(name) {
    return readFileSync(this.path(name));
  }

  /** Runs a command that may leave something for the next time. */
  runPartly(...words) {
    return this.#run(words, [0, 4]);
  }

  /** Runs a command that must succeed, and gives what it printed. */
  run(...words) {
    return this.#run(words, [0]);
  }

  #run(words, expected) {
    const [program, ...before] = [...this.#at, process.env.LONGEAR];
    const ended = spawnSync(program, [...before, "--json", ...words], { env: this.#env(), encoding: "utf8" });
    if (!expected.includes(ended.status)) {
      throw new Error(`longear ${words.join(" ")}: ${ended.error ?? `exit ${ended.status}`} ${ended.stderr}`);
    }
    return ended.stdout;
  }

  json(...words) {
    return JSON.parse(this.run(...words));
  }

  list() {
    const lines = this.run("list").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Starts a command that goes on beside the test. */
  start(...words) {
    const stdio = ["ignore", "pipe", "inherit"];
    return this.#begin([process.env.LONGEAR, "--quiet", "--json", ...words], stdio);
  }

  /** Starts a program that is not ours beside the test. */
  startOther(...words) {
    return this.#begin(words, ["ignore", "ignore", "inherit"]);
  }

  #begin(words, stdio) {
    const [program, ...rest] = [...this.#at, ...words];
    const child = spawn(program, rest, { env: this.#env(), stdio });
    this.#children.push(child);
    return child;
  }

  /** Starts the box at a free port of an address, and gives its own address. */
  async serve(listen = "127.0.0.1:0", ...more) {
    const child = this.start("serve", "--listen", listen, ...more);
    for await (const line of readline.createInterface({ input: child.stdout })) {
      return { url: JSON.parse(line).listening };
    }
    throw new Error("the box said nothing");
  }

  stop() {
    this.#children.forEach((child) => child.kill("SIGKILL"));
  }

  #env() {
    return { ...process.env, LONGEAR_HOME: this.path("home") };
  }
}

/** A minute of H.264 and AAC at a forced 8 Mbit/s: 61 MB, with the index in front. */
export function makeVideo(machine) {
  const inputs = "-f lavfi -i testsrc2=size=640x360:rate=25:duration=60 -f lavfi -i sine=frequency=440:duration=60";
  const rate = "-b:v 8M -minrate 8M -maxrate 8M -bufsize 2M -x264-params nal-hrd=cbr";
  const video = `-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 ${rate}`;
  return ffmpeg(machine, `${inputs} ${video} -c:a aac -b:a 96k -movflags +faststart`, "clip.mp4");
}

/** Twenty seconds of H.264 and AAC, about 5 MB: several groups of a MiB, the last not whole. */
export function makeClip(machine) {
  const inputs = "-f lavfi -i testsrc2=size=640x360:rate=25:duration=20 -f lavfi -i sine=frequency=440:duration=20";
  const video = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -b:v 2M -minrate 2M -maxrate 2M -bufsize 1M";
  return ffmpeg(machine, `${inputs} ${video} -c:a aac -b:a 96k -movflags +faststart`, "clip.mp4");
}

/** Three seconds of H.264 and AAC, shorter than a group: it needs no list of hashes. */
export function makeShortFilm(machine) {
  const inputs = "-f lavfi -i testsrc2=size=320x180:rate=10:duration=3 -f lavfi -i sine=frequency=440:duration=3";
  const video = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -b:v 200k";
  return ffmpeg(machine, `${inputs} ${video} -c:a aac -b:a 96k -movflags +faststart`, "short.mp4");
}

/** A film for a camera of Chromium's that looks at a picture. */
export function makeFilmOf(picture, machine) {
  const shape = "-vf scale=480:480,pad=640:480:80:0:gray,format=yuv420p";
  return ffmpeg(machine, `-loop 1 -i ${picture} -t 2 -r 10 ${shape}`, "camera.y4m");
}

export function makePhoto(machine) {
  return ffmpeg(machine, "-f lavfi -i mandelbrot=size=1280x720 -frames:v 1", "photo.jpg");
}

export function makeSound(machine) {
  return ffmpeg(machine, "-f lavfi -i sine=frequency=330:duration=30 -c:a libopus -b:a 16k", "radio.ogg");
}

function ffmpeg(machine, words, name) {
  execFileSync("ffmpeg", ["-v", "error", "-y", ...words.split(" "), machine.path(name)]);
  return machine.path(name);
}
