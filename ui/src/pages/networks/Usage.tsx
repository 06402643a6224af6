/** How full a subnet is: a bar, and the same in words. */

import { useRead } from "../../api/lists";
import { Quiet } from "../../parts/Panel";
import type { Tone } from "../../parts/Status";
import { countOf, spoken } from "./address";
import type { UsedRange } from "./map";
import styles from "./Networks.module.css";

/** What the API says of the addresses of a subnet. */
export interface Statistics {
  usage: number;
  usage_string: string;
  total_addresses: number;
  num_available: number;
  ranges?: UsedRange[];
  suggested_gateway?: string | null;
  suggested_dynamic_range?: { start: string; end: string } | null;
}

export function useStatistics(subnet: number | string, follows: "subnets" | "ip-ranges" | "ip-addresses" = "subnets") {
  return useRead<Statistics>(`/api/v1/subnets/${subnet}/statistics`, follows, { include_ranges: "true", include_suggestions: "true" });
}

/** From when on a subnet is nearly full, and full. */
const NEARLY = 0.8;
const FULL = 0.95;

function usageTone(usage: number): Tone {
  return usage >= FULL ? "bad" : usage >= NEARLY ? "warn" : "neutral";
}

/** How many addresses are free: counted, because large numbers of JSON are rounded. */
function freeOf(statistics: Statistics): bigint {
  if (statistics.ranges === undefined) return BigInt(Math.round(statistics.num_available));
  return statistics.ranges.filter((range) => range.purpose.includes("unused")).reduce((sum, range) => sum + countOf(range.start, range.end), 0n);
}

export function Usage({ subnet }: { subnet: number }) {
  const { value, error } = useStatistics(subnet);
  if (error !== null) return <Quiet>not known</Quiet>;
  if (value === undefined) return <span className={styles.bar} aria-busy="true" />;
  return <UsageBar statistics={value} />;
}

export function UsageBar({ statistics }: { statistics: Statistics }) {
  const tone = usageTone(statistics.usage);
  const word = tone === "bad" ? "full" : tone === "warn" ? "nearly full" : "used";
  return (
    <span className={styles.usage} data-tone={tone}>
      <span className={styles.bar} aria-hidden="true">
        <span style={{ width: `${Math.max(statistics.usage > 0 ? 2 : 0, Math.min(100, statistics.usage * 100))}%` }} />
      </span>
      <span className={styles.share}>
        {statistics.usage_string} {word}
      </span>
      <span className={styles.free}>{spoken(freeOf(statistics))} free</span>
    </span>
  );
}
