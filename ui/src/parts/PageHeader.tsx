/** What a page is, with what can be done with all of it; and the title of the tab. */

import type { ReactNode } from "react";
import { Fragment, useEffect } from "react";
import { Link } from "react-router";

import { useSiteName } from "../shell/site";
import styles from "./PageHeader.module.css";

interface Props {
  title: string;
  /** Beside the title: a status, a number. */
  beside?: ReactNode;
  /** The pages above this one. */
  above?: readonly { title: string; to: string }[];
  children?: ReactNode;
}

export function PageHeader({ title, beside, above = [], children }: Props) {
  const site = useSiteName();
  useEffect(() => {
    document.title = `${title} · ${site}`;
  }, [title, site]);
  return (
    <header className={styles.header}>
      <div className={styles.titles}>
        {above.length > 0 && (
          <nav aria-label="Where this page is" className={styles.above}>
            {above.map((page) => (
              <Fragment key={page.to}>
                <Link to={page.to}>{page.title}</Link> <span aria-hidden="true">/</span>{" "}
              </Fragment>
            ))}
          </nav>
        )}
        <h1 tabIndex={-1}>{title}</h1>
        {beside}
      </div>
      {children !== undefined && <div className={styles.actions}>{children}</div>}
    </header>
  );
}
