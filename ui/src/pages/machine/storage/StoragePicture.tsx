/** The picture of a machine's disks: blocks with what is on them, what is made of disks above these. */

import type { CSSProperties } from "react";

import { size } from "../sizes";
import type { Block, Segment } from "./blocks";
import styles from "./StoragePicture.module.css";

export function StoragePicture({ levels, label = "How the disks are used" }: { levels: readonly (readonly Block[])[]; label?: string }) {
  if (levels.length === 0) return null;
  return (
    <div className={styles.picture} role="group" aria-label={label}>
      {levels.map((blocks) => (
        <ul key={blocks.map((block) => block.key).join(" ")} className={styles.level}>
          {blocks.map((block) => (
            <BlockView key={block.key} block={block} />
          ))}
        </ul>
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }) {
  return (
    <li className={styles.block} data-new={block.isNew || undefined}>
      <p className={styles.head}>
        <strong>{block.name}</strong> {block.words}, {size(block.size)}
        {block.of.length > 0 && <span className={styles.of}> of {block.of.join(", ")}</span>}
      </p>
      <ul className={styles.bar} aria-label={`What is on ${block.name}`}>
        {block.segments.map((segment) => (
          <SegmentView key={segment.key} segment={segment} block={block} />
        ))}
      </ul>
    </li>
  );
}

function SegmentView({ segment, block }: { segment: Segment; block: Block }) {
  // Above the bar stands what all of it is.
  const name = segment.name === block.name ? "" : segment.name.startsWith(`${block.name}-`) ? segment.name.slice(block.name.length + 1) : segment.name;
  const words = [segment.name, segment.detail, size(segment.size)].filter((word) => word !== "");
  return (
    <li className={styles.segment} data-kind={segment.kind} data-new={segment.isNew || undefined} style={{ "--share": segment.share } as CSSProperties} title={words.join(", ")}>
      {name !== "" && <span className={styles.name}>{name}</span>}
      {segment.detail !== "" && <span className={styles.detail}>{segment.detail}</span>}
      <span className={styles.detail}>{size(segment.size)}</span>
    </li>
  );
}
