/** Whether a rack has a session with a region, in a word. */

import { Status } from "../../parts/Status";
import type { Rack } from "./controller";
import { isConnected, sessionOf } from "./controller";

export function SessionStatus({ rack }: { rack: Rack }) {
  return (
    <Status tone={isConnected(rack) ? "good" : "bad"} detail={sessionOf(rack)?.status_info}>
      {isConnected(rack) ? "Connected" : "Away"}
    </Status>
  );
}
