/** The page of an object that was not read: it is on its way, or refused. */

import { PageHeader } from "./PageHeader";
import { Panels } from "./Panel";
import { Loading, ProblemView } from "./Problem";

interface Props {
  /** What names the object in the address. */
  title: string;
  above: readonly { title: string; to: string }[];
  result: { error: unknown; refetch: () => unknown };
}

export function UnreadPage({ title, above, result }: Props) {
  return (
    <>
      <PageHeader title={title} above={above} />
      <Panels>{result.error === null ? <Loading /> : <ProblemView error={result.error} onRetry={() => void result.refetch()} />}</Panels>
    </>
  );
}
