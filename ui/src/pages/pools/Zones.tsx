/** Availability zones: what fails together. */

import { Grouping } from "./Grouping";

export default function Zones() {
  return <Grouping resource="zones" title="Zones" noun={["zone", "zones"]} field="zone" help="What fails together: a power feed, a room, a switch" hasDevices />;
}
