/** Resource pools: whose machines are whose. */

import { Grouping } from "./Grouping";

export default function Pools() {
  return <Grouping resource="pools" title="Pools" noun={["pool", "pools"]} field="pool" help="Whose machines are whose: rights are given by pool" hasDevices={false} />;
}
