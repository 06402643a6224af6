/** The same for a shell, to copy. */

import { useState } from "react";

import type { Change } from "../api/changes";
import { curlOf } from "../api/changes";
import { cliOf } from "../api/cli";
import { Button } from "./Button";
import { Icon } from "./Icon";
import styles from "./ShowAs.module.css";

export function ShowAs({ change, cli = cliOf(change) }: { change: Change; cli?: string | undefined }) {
  return (
    <details className={styles.showAs}>
      <summary>
        <Icon name="terminal" size={14} /> Show as {cli === undefined ? "curl" : "CLI / curl"}
      </summary>
      {cli !== undefined && <Copyable text={cli} />}
      <Copyable text={curlOf(change)} />
    </details>
  );
}

/** A text with a button that copies it. */
export function Copyable({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = () => {
    void copied(text).then((done) => {
      setCopied(done);
      setTimeout(() => setCopied(false), 1500);
    });
  };
  return (
    <div className={styles.copyable}>
      <pre tabIndex={0}>{text}</pre>
      <Button size="small" kind="quiet" label="Copy" onPress={copy}>
        <Icon name={isCopied ? "check" : "copy"} size={14} />
      </Button>
    </div>
  );
}

/** Copies a text. Without TLS browsers have no clipboard for scripts, but an older way. */
async function copied(text: string): Promise<boolean> {
  if (window.isSecureContext) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}
