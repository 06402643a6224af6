/** A function that stays the same while what it does follows the last render: so that rows are not drawn anew for it. */

import { useCallback, useEffect, useRef } from "react";

export function useSteady<A extends unknown[]>(run: (...of: A) => void): (...of: A) => void {
  const last = useRef(run);
  useEffect(() => {
    last.current = run;
  });
  return useCallback((...of: A) => last.current(...of), []);
}
