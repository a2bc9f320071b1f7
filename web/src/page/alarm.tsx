// The alarm about the app itself, across every page, until it has been read.

import type { Alarm } from "../shared/protocol";
import { useReader } from "./context";
import { Icon } from "./drawing";

export function AppAlarm() {
  const { words, state, link } = useReader();
  const { alarm } = state;
  if (!alarm) {
    return null;
  }
  const what = whatHappened(alarm);
  return (
    <div class="alarm" role="alert">
      <div class="stack">
        <p class="h">
          <Icon name="warning" />
          <b>{words.say(alarm.code === "older" ? "alarm_old_title" : "alarm_title")}</b>
        </p>
        <p>{words.say(what)}</p>
        <p>
          <b>{words.say("alarm_do")}</b> {words.say(alarm.isKept ? "alarm_do_kept" : "alarm_do_new")}
        </p>
        <div class="does">
          <button type="button" class="btn" onClick={() => void link.call("heed", null)}>
            {words.say("alarm_heed")}
          </button>
        </div>
        <p class="small" dir="ltr" lang="en">
          {words.say("source_reason", { what: alarm.what, code: alarm.code })}
        </p>
      </div>
    </div>
  );
}

function whatHappened({ code, isKept }: Alarm) {
  if (!isKept) {
    return "alarm_new";
  }
  return code === "older" ? "alarm_old" : "alarm_kept";
}
