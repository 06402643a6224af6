/** On the overview: the way to the first steps, for as long as DHCP is answered nowhere. */

import { Link } from "react-router";

import { useCounts } from "../../api/lists";
import { Symbol } from "../../parts/Status";
import styles from "./FirstSteps.module.css";

/** Subnets with DHCP. What is relayed needs one of them, too. */
const SERVED = "vlan.dhcp_on:yes";

export function FirstSteps() {
  const { data } = useCounts("subnets", SERVED);
  if (data === undefined || data.total > 0) return null;
  return (
    <p className={styles.banner}>
      <Symbol tone="warn" />
      <span>
        <strong>No subnet has DHCP yet</strong>, so no machine can boot from the network. <Link to="/welcome">Take the first steps</Link>
      </span>
    </p>
  );
}
