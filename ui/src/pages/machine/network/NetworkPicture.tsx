/** The picture of a machine's interfaces. Who cannot see it has the same in words. */

import type { Drawn, Line, Node } from "./graph";
import { graphOf, NODE, told } from "./graph";
import styles from "./NetworkPicture.module.css";

/** How many letters a node has room for. */
const LETTERS = { name: 16, detail: 20 };

export function NetworkPicture({ interfaces, label = "How the interfaces stand on each other" }: { interfaces: readonly Drawn[]; label?: string }) {
  const { nodes, lines, width, height } = graphOf(interfaces);
  if (nodes.length === 0) return null;
  return (
    <div className={styles.scroller} role="group" aria-label={label} tabIndex={0}>
      <svg className={styles.picture} width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={told(interfaces)}>
        {lines.map((line) => (
          <path key={line.key} className={styles.line} data-kind={line.kind} data-new={line.isNew || undefined} d={pathOf(line)} />
        ))}
        {nodes.map((node) => (
          <Box key={node.key} node={node} />
        ))}
      </svg>
    </div>
  );
}

function Box({ node }: { node: Node }) {
  return (
    <g className={styles.node} data-kind={node.kind} data-new={node.isNew || undefined} data-off={node.isOff || undefined}>
      <title>{`${node.name}: ${node.detail}`}</title>
      <rect x={node.x} y={node.y} width={NODE.width} height={NODE.height} rx={node.kind === "subnet" ? NODE.height / 2 : 6} />
      <text className={styles.name} x={node.x + NODE.width / 2} y={node.y + 18}>
        {short(node.name, LETTERS.name)}
      </text>
      <text className={styles.detail} x={node.x + NODE.width / 2} y={node.y + 34}>
        {short(node.detail, LETTERS.detail)}
      </text>
    </g>
  );
}

/** From level to level by a curve, and straight through a level. */
function pathOf({ points }: Line): string {
  return points.map(([x, y], at) => {
    const before = points[at - 1];
    if (before === undefined) return `M${x} ${y}`;
    const half = (before[1] + y) / 2;
    return at % 2 === 1 ? `C${before[0]} ${half} ${x} ${half} ${x} ${y}` : `L${x} ${y}`;
  }).join("");
}

export function short(text: string, letters: number): string {
  return text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
}
