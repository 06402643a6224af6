/** What a deployment is told: which image, and what the new system is told. */

import type { ReactNode } from "react";

import { useFirstPage } from "../../api/lists";
import type { Item, Machine } from "../../api/resources";
import type { Field, Values } from "../../form/Fields";
import { Loading, ProblemView } from "../../parts/Problem";

interface DeployFields {
  fields: readonly Field[];
  initial: Values;
  /** Why nothing can be deployed yet. */
  refusal: string | null;
  problem: ReactNode;
}

const NOTHING: DeployFields = { fields: [], initial: {}, refusal: null, problem: null };

/** How many images are looked at. */
const IMAGES = 500;

export function useDeployFields(machine: Machine, enabled: boolean): DeployFields {
  const { data, error, refetch } = useFirstPage("images", { sort: "name", limit: IMAGES }, enabled);
  if (!enabled) return NOTHING;
  if (error !== null) return { ...NOTHING, refusal: "Which images there are is not known.", problem: <ProblemView error={error} onRetry={() => void refetch()} /> };
  if (data === undefined) return { ...NOTHING, refusal: "Which images there are is being found out.", problem: <Loading what="Looking for images" /> };
  const images = fitting(data.items, machine.architecture);
  const none = images.length === 0 ? `There is no image for ${machine.architecture}: upload one first.` : null;
  return {
    fields: [
      {
        name: "image",
        label: "Image",
        kind: "select",
        isNeeded: true,
        options: images.map((image) => ({ value: valueOf(image), label: labelOf(image) })),
        ...(none === null ? {} : { help: none }),
      },
      { name: "ephemeral_deploy", label: "In memory", kind: "checkbox", help: "It runs in memory, is started anew by every boot, and touches no disk. A machine without a disk is deployed only so." },
      { name: "user_data", label: "User data", kind: "textarea", placeholder: "#cloud-config\npackages: [htop]", help: "cloud-init of the new system reads it: cloud-config or a script." },
      { name: "agent_name", label: "Agent", help: "What the software that deploys it calls itself." },
      { name: "comment", label: "Why", help: "It stands in the timeline and in the event log." },
    ],
    initial: { image: images[0] === undefined ? "" : valueOf(images[0]), ephemeral_deploy: machine.boot_disk === null },
    refusal: none,
    problem: null,
  };
}

type Image = Pick<Item<"images">, "name" | "title" | "architecture">;

/** The images that a machine of an architecture runs. */
export function fitting<I extends Pick<Image, "architecture">>(images: readonly I[], architecture: string): I[] {
  const kind = (text: string) => text.split("/")[0];
  return images.filter((image) => kind(image.architecture) === kind(architecture));
}

/** System and release: an image without a system in its name is a custom one. */
export function valueOf(image: Pick<Image, "name">): string {
  return image.name.includes("/") ? image.name : `custom/${image.name}`;
}

function labelOf(image: Image): string {
  return image.title === "" || image.title === image.name ? image.name : `${image.title} (${image.name})`;
}
